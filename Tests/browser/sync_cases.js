// Cases for ChatSync, the page's copy of the protocol's client side: frames in, frames out, no server. sync_test.py runs
// them in a browser, because there the script needs no other engine than the one it is written for.
"use strict";

const USER = { id: "ME", handle: "me", name: "Me" };

/** A ChatSync whose sockets, time and storage are in the test's hands. */
class World {
  constructor() {
    this.now = 0;
    this.timers = [];
    this.sockets = [];
    this.stored = new Map();
    this.sync = new ChatSync({
      openSocket: () => {
        const socket = { sent: [], send: (text) => socket.sent.push(JSON.parse(text)), close: () => {} };
        this.sockets.push(socket);
        return socket;
      },
      timers: {
        now: () => this.now,
        set: (action, ms) => {
          const timer = { action, at: this.now + ms };
          this.timers.push(timer);
          return timer;
        },
        clear: (timer) => (this.timers = this.timers.filter((each) => each !== timer)),
      },
      random: () => 0.5,
      newNonce: () => `nonce ${(World.nonces = (World.nonces ?? 0) + 1)}`,
      storage: { getItem: (key) => this.stored.get(key) ?? null, setItem: (key, value) => this.stored.set(key, value) },
      changed: () => {},
    });
  }

  get socket() {
    return this.sockets.at(-1);
  }

  async turn() {
    for (let i = 0; i < 50; i++) await null;
  }

  /** Lets time pass, timer by timer. */
  async pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      next.action();
      await this.turn();
    }
    this.now = end;
  }

  async frame(frame) {
    this.socket.onmessage({ data: JSON.stringify(frame) });
    await this.turn();
  }

  /** The newest command of that name on the newest socket. */
  command(name) {
    return this.socket.sent.findLast((frame) => frame.do === name);
  }

  commands(name) {
    return this.socket.sent.filter((frame) => frame.do === name);
  }

  async answer(name, ok) {
    const command = this.command(name);
    must(command, `no ${name} was sent`);
    await this.frame({ re: command.id, ok });
  }

  async refuse(name, code, more = {}) {
    await this.frame({ re: this.command(name).id, error: { code, message: code, ...more } });
  }

  async hello(fields = {}) {
    if (!this.sync.beatTimer) this.sync.start();
    this.socket.onopen({});
    await this.turn();
    await this.answer("hello", {
      user: USER, session: "S", connection: "C", node: "n", heartbeatMs: 20_000, features: [],
      limits: { bodyBytes: 16_384, frameBytes: 65_536 }, epoch: "e1", own: 0, index: [], ...fields,
    });
  }

  close(code, reason = "") {
    this.socket.onclose({ code, reason });
  }

  conversation(id = "A") {
    return this.sync.conversations.get(id);
  }

  /** Online with conversation A: three messages, at revision 10, open and loaded. */
  async talking() {
    await this.hello({ index: [["A", 10, 3, 3, 0, 0, 0]] });
    await this.answer("conversations", { conversations: [whole("A", 10, 3)] });
    this.sync.look("A");
    await this.turn();
    await this.answer("history", { messages: [message(1), message(2), message(3)] });
  }

  event(event, after, rev, fields) {
    return this.frame({ event, conversation: "A", after, rev, ...fields });
  }

  said(seq, after, rev, fields) {
    return this.event("message", after, rev, { message: message(seq, { rev, ...fields }) });
  }

  bodies(id = "A") {
    return this.sync.timeline(this.conversation(id)).rows.map((row) => row.body ?? "-").join(" ");
  }
}

const message = (seq, fields) => ({
  conversation: "A", seq, rev: seq + 1, kind: "text", sender: "YOU", nonce: `n${seq}`, body: `m${seq}`, sentAt: seq, ...fields,
});
const whole = (id, head, lastSeq, fields) => ({
  id, kind: "group", public: false, createdAt: 1, rev: 1, head, lastSeq, memberCount: 2, history: "all",
  own: { role: "member", readSeq: lastSeq, unread: 0, mentions: 0, level: "all" }, ...fields,
});
const changes = (upTo, fields) => ({ conversation: "A", messages: [], members: [], upTo, head: upTo, ...fields });

function must(condition, text) {
  if (!condition) throw new Error(text);
}

function same(actual, expected, text) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(a === b, `${text ?? "value"}: ${a} instead of ${b}`);
}

const cases = {
  async "an event applies within its interval, is ignored below, and moves the position even if unknown"(w) {
    await w.talking();
    await w.said(4, 10, 11);
    same(w.conversation().position, 11, "position");
    await w.said(3, 8, 10, { body: "stale" });
    same(w.bodies(), "m1 m2 m3 m4", "rows");
    await w.event("skip", 11, 15);
    await w.event("sparkle", 13, 20, { message: message(9) });
    same([w.conversation().position, w.bodies()], [20, "m1 m2 m3 m4"], "after skip and an unknown event");
    same(w.commands("sync").length, 0, "syncs");
  },

  async "a gap is repaired from the position; intervals heard while paging that join on count"(w) {
    await w.talking();
    await w.said(6, 12, 13);
    same(w.command("sync").since, 10, "since");
    same(w.bodies(), "m1 m2 m3", "nothing is shown beyond a hole");
    await w.said(7, 13, 14);
    same(w.conversation().position, 10, "the position stays while paging");
    await w.answer("sync", changes(11, { messages: [message(4, { rev: 11 })], head: 13, more: true }));
    same(w.command("sync").since, 11, "next page");
    await w.event("skip", 11, 12);
    same(w.conversation().position, 11, "nor does it for one that joins on");
    await w.answer("sync", changes(13, { messages: [message(5, { rev: 12 }), message(6, { rev: 13 })] }));
    same([w.conversation().position, w.bodies()], [14, "m1 m2 m3 m4 m5 m6 m7"], "repaired");
    await w.said(8, 14, 15);
    same([w.conversation().position, w.commands("sync").length], [15, 2], "and goes on");
  },

  async "an interval heard while paging that does not join on is a gap of its own"(w) {
    await w.talking();
    await w.said(5, 11, 12);
    await w.said(8, 14, 15);
    await w.answer("sync", changes(12, { messages: [message(4, { rev: 11 }), message(5, { rev: 12 })] }));
    same([w.command("sync").since, w.commands("sync").length], [12, 2], "second sync");
    await w.answer("sync", changes(15, { messages: [6, 7, 8].map((seq) => message(seq, { rev: seq + 7 })) }));
    same([w.conversation().position, w.bodies()], [15, "m1 m2 m3 m4 m5 m6 m7 m8"], "repaired");
  },

  async "behind is answered by a sync"(w) {
    await w.talking();
    await w.frame({ event: "behind", conversation: "A", head: 12 });
    same(w.command("sync").since, 10, "since");
    await w.answer("sync", changes(12, { messages: [message(4, { rev: 11 }), message(5, { rev: 12 })] }));
    same([w.conversation().position, w.bodies()], [12, "m1 m2 m3 m4 m5"], "caught up");
  },

  async "far behind, rows are dropped, the head becomes the position and history is read again"(w) {
    await w.talking();
    await w.frame({ event: "behind", conversation: "A", head: 9_000 });
    same(w.command("sync").since, 9_000, "since");
    await w.answer("sync", changes(9_000));
    await w.answer("history", { messages: [message(700, { rev: 9_000 })] });
    same([w.conversation().position, w.bodies()], [9_000, "m700"], "afresh");
  },

  async "history that was on its way when rows were dropped is not taken"(w) {
    await w.hello({ index: [["A", 10, 3, 3, 0, 0, 0]] });
    w.sync.look("A");
    await w.turn();
    const late = w.command("history");
    await w.frame({ event: "behind", conversation: "A", head: 12 });
    await w.frame({ re: late.id, ok: { messages: [message(1), message(2), message(3)] } });
    same(w.bodies(), "", "the old page");
    await w.answer("history", { messages: [1, 2, 3, 4].map((seq) => message(seq)) });
    same(w.bodies(), "m1 m2 m3 m4", "the new page");
  },

  async "an event that arrives before an older history page wins over it"(w) {
    await w.hello({ index: [["A", 10, 3, 3, 0, 0, 0]] });
    w.sync.look("A");
    await w.turn();
    await w.said(2, 10, 11, { body: "edited" });
    await w.said(4, 11, 12);
    await w.answer("history", { messages: [message(1), message(2), message(3)] });
    same(w.bodies(), "m1 edited m3 m4", "rows");
  },

  async "a row outside the loaded range is dropped"(w) {
    await w.hello({ index: [["A", 200, 100, 100, 0, 0, 0]] });
    w.sync.look("A");
    await w.turn();
    await w.answer("history", { messages: [99, 100].map((seq) => message(seq)) });
    await w.said(5, 200, 201, { body: "edited" });
    same([w.bodies(), w.conversation().position], ["m99 m100", 201], "rows");
    w.sync.load("A");
    await w.turn();
    same(w.command("history").before, 99, "older page");
    await w.said(98, 201, 202, { body: "edited" });
    await w.answer("history", { messages: [97, 98].map((seq) => message(seq)) });
    same(w.bodies(), "m97 edited m99 m100", "with the older page");
  },

  async "reset starts afresh, and keeps the outbox"(w) {
    await w.talking();
    w.sync.send("A", "kept");
    await w.said(9, 19, 20);
    await w.answer("sync", changes(5, { reset: true }));
    w.socket.onopen({});
    await w.turn();
    const hello = w.command("hello");
    same([w.sockets.length, hello.epoch, hello.own, hello.resume], [2, undefined, undefined, undefined], "hello");
    same(w.sync.outbox.map((entry) => entry.body), ["kept"], "outbox");
  },

  async "hello resumes from the positions, and applies what it brings"(w) {
    await w.talking();
    w.close(1006);
    await w.pass(1000);
    w.socket.onopen({});
    await w.turn();
    const { epoch, own, resume } = w.command("hello");
    same([epoch, own, resume], ["e1", 0, { A: 10 }], "resume");
    await w.hello({ index: [["A", 12, 5, 3, 2, 0, 0]], changes: [changes(11, { messages: [message(4, { rev: 11 })], head: 12, more: true })] });
    same(w.command("sync").since, 11, "the rest");
    await w.answer("sync", changes(12, { messages: [message(5, { rev: 12 })] }));
    same([w.bodies(), w.conversation().position, w.sync.unread(w.conversation())], ["m1 m2 m3 m4 m5", 12, 2], "resumed");
  },

  async "what resume did not answer is synced"(w) {
    await w.talking();
    w.close(1006);
    await w.pass(1000);
    await w.hello({ index: [["A", 11, 4, 3, 1, 0, 0]] });
    same(w.command("sync").since, 10, "since");
  },

  async "another epoch drops everything but the outbox"(w) {
    await w.talking();
    w.close(1006);
    w.sync.send("A", "kept");
    await w.pass(1000);
    await w.hello({ epoch: "e2", index: [["A", 20, 1, 1, 0, 0, 0]] });
    same([w.conversation().position, w.bodies(), w.sync.outbox.length], [20, "", 1], "afresh");
    same(w.command("history").before, undefined, "history is read again");
    same(w.command("send").body, "kept", "outbox");
  },

  async "a position above the head drops everything too"(w) {
    await w.talking();
    w.close(1006);
    await w.pass(1000);
    await w.hello({ index: [["A", 9, 2, 2, 0, 0, 0]] });
    same([w.conversation().position, w.bodies()], [9, ""], "afresh");
  },

  async "gone, left and an index without it end a conversation; joined starts it afresh"(w) {
    await w.talking();
    await w.frame({ event: "left", conversation: "A", rev: 11, reason: "removed" });
    must(!w.conversation(), "left");
    await w.frame({ event: "joined", conversation: "A", row: whole("A", 14, 3) });
    same([w.conversation().position, w.bodies()], [14, ""], "joined");
    w.close(1006);
    await w.pass(1000);
    await w.hello({ index: [] });
    must(!w.conversation(), "not in the index");
  },

  async "the index is read to its end before anything is missed"(w) {
    await w.talking();
    w.close(1006);
    await w.pass(1000);
    await w.hello({ index: [["0", 1, 0, 0, 0, 0, 0]], more: true });
    must(w.conversation(), "still there");
    same(w.command("index").after, "0", "after");
    await w.answer("index", { index: [["A", 10, 3, 3, 0, 0, 0]] });
    same([w.sync.conversations.size, w.bodies()], [2, "m1 m2 m3"], "both");
  },

  async "an event of an unknown conversation fetches it, and what was heard meanwhile is not missed"(w) {
    await w.hello();
    await w.frame({ event: "message", conversation: "B", after: 4, rev: 5, message: message(2, { conversation: "B", rev: 5 }) });
    same(w.command("conversations").ids, ["B"], "asked for");
    await w.frame({ event: "message", conversation: "B", after: 5, rev: 6, message: message(3, { conversation: "B", rev: 6 }) });
    await w.answer("conversations", { conversations: [whole("B", 5, 2)] });
    same([w.conversation("B").position, w.conversation("B").lastMessage.seq], [6, 3], "known");
  },

  async "the own log: higher rev wins, a gap is synced"(w) {
    await w.talking();
    const row = (rev, unread) => ({ type: "membership", rev, conversation: "A", role: "admin", readSeq: 3, unread, mentions: 0 });
    await w.frame({ event: "own", after: 0, rev: 2, rows: [row(2, 5)] });
    await w.frame({ event: "own", after: 0, rev: 1, rows: [{ ...row(1, 1), role: "reader" }] });
    same([w.sync.own, w.conversation().own.role], [2, "admin"], "own");
    await w.frame({ event: "own", after: 2, rev: 3, rows: [{ ...row(1, 1), role: "reader" }] });
    same([w.sync.own, w.conversation().own.role], [3, "admin"], "a late row");
    await w.frame({ event: "own", after: 4, rev: 5, rows: [] });
    same([w.command("sync").own, w.command("sync").since], [true, 3], "sync");
    await w.frame({ event: "own", after: 5, rev: 6, rows: [] });
    await w.answer("sync", { rows: [{ type: "reaction", rev: 4, conversation: "A", seq: 2, mine: ["x"] }], upTo: 5, head: 5 });
    same([w.sync.own, w.conversation().messages.get(2).mine], [6, ["x"]], "synced");
  },

  async "a row without mine leaves it; a tombstone takes the body"(w) {
    await w.talking();
    await w.event("changes", 10, 12, { messages: [message(2, { rev: 11, mine: ["x"] })], members: [], row: whole("A", 12, 3, { rev: 12, name: "New" }) });
    same([w.conversation().messages.get(2).mine, w.conversation().row.name], [["x"], "New"], "changes");
    await w.said(2, 12, 13, { body: "again" });
    same(w.conversation().messages.get(2).mine, ["x"], "mine");
    await w.said(2, 13, 14, { body: undefined, deleted: true });
    same(w.bodies(), "m1 - m3", "rows");
  },

  async "unread is counted from rows, without tombstones; sending moves the marker"(w) {
    await w.talking();
    await w.said(4, 10, 11);
    await w.said(5, 11, 12);
    same(w.sync.unread(w.conversation()), 2, "two");
    await w.said(4, 12, 13, { deleted: true });
    same(w.sync.unread(w.conversation()), 1, "one is gone");
    await w.said(6, 13, 14, { sender: "ME" });
    same(w.sync.unread(w.conversation()), 0, "own");
    w.sync.read("A", 6);
    same(w.commands("read").length, 0, "nothing to say");
  },

  async "close codes: stop, sign in, resume after a time, resume with backoff"(w) {
    await w.hello();
    w.close(4203, '{"afterMs": 7000}');
    await w.pass(6999);
    same(w.sockets.length, 1, "not yet");
    await w.pass(1);
    same(w.sockets.length, 2, "after afterMs");
    for (let turn = 0; turn < 12; turn++) {
      w.close(1006);
      const delay = w.sync.retryAt - w.now;
      must(delay <= 15_000 && delay >= 0, `delay ${delay}`);
      if (turn > 8) same(delay, 15_000, "half of the cap at a random number of one half");
      await w.pass(delay);
    }
    w.close(4101);
    same(w.sync.state, "signedOut", "4101");
    w.sync.connect();
    w.close(4010);
    await w.pass(100_000);
    same([w.sync.state, w.sockets.length], ["stopped", 15], "4010");
  },

  async "backoff is halved by a hello, and forgotten after five good seconds"(w) {
    await w.hello();
    const longest = () => 2 * (w.sync.retryAt - w.now); // The random number is one half.
    for (let turn = 0; turn < 6; turn++) {
      w.close(1006);
      await w.pass(longest() / 2);
    }
    await w.hello();
    w.close(1006);
    same(longest(), 500 * 2 ** 3, "right after a hello");
    await w.pass(longest() / 2);
    await w.hello();
    await w.pass(5001);
    w.close(1006);
    same(longest(), 500, "after a while");
  },

  async "moving: the page reconnects after the time named"(w) {
    await w.talking();
    await w.frame({ event: "moving", afterMs: 3000 });
    await w.pass(2999);
    same(w.sockets.length, 1, "not yet");
    await w.pass(1);
    same(w.sockets.length, 2, "moved");
  },

  async "heartbeat: ping after one, reconnect after two"(w) {
    await w.hello();
    await w.pass(19_000);
    same(w.commands("ping").length, 0, "quiet");
    await w.pass(2000);
    same(w.commands("ping").length, 1, "ping");
    await w.answer("ping", { now: 1 });
    await w.pass(19_000);
    same(w.commands("ping").length, 1, "answered");
    await w.pass(2000);
    same(w.commands("ping").length, 2, "second ping");
    await w.pass(24_000);
    same(w.sockets.length, 2, "reconnected");
  },

  async "a connection that does not open is given up"(w) {
    w.sync.start();
    await w.pass(12_000);
    must(w.sockets.length > 1, "a second try");
  },

  async "a send without an answer is sent again with the same nonce, and the event alone settles it"(w) {
    await w.talking();
    w.sync.send("A", "one");
    w.sync.send("A", "two");
    same(w.commands("send").length, 1, "one at a time");
    const { nonce } = w.command("send");
    w.close(1006);
    await w.pass(1000);
    await w.hello({ index: [["A", 10, 3, 3, 0, 0, 0]] });
    same([w.command("send").nonce, w.command("send").body], [nonce, "one"], "again");
    await w.said(4, 10, 11, { sender: "ME", nonce, body: "one" });
    same(w.sync.timeline(w.conversation()).pending.map((entry) => entry.body), ["two"], "seen in the log");
    await w.answer("send", { seq: 4, rev: 11, sentAt: 4 });
    same(w.command("send").body, "two", "next");
    await w.answer("send", { seq: 5, rev: 12, sentAt: 5 });
    const { pending } = w.sync.timeline(w.conversation());
    same(pending.map(({ body, state }) => [body, state]), [["two", "sent"]], "acknowledged, not yet seen");
    await w.said(5, 11, 12, { sender: "ME", nonce: w.command("send").nonce, body: "two" });
    same([w.bodies(), w.sync.outbox.length], ["m1 m2 m3 one two", 0], "done");
  },

  async "refused sends: wait and keep the order, ask again, or tell"(w) {
    await w.talking();
    w.sync.send("A", "one", 3);
    w.sync.send("A", "two");
    const { nonce, replyTo } = w.command("send");
    same(replyTo, 3, "the message replied to");
    await w.refuse("send", "rate_limited", { retryAfterMs: 4000 });
    await w.pass(3999);
    w.sync.send("A", "three");
    same(w.commands("send").length, 1, "waits, later ones too");
    await w.pass(1);
    same(w.command("send").nonce, nonce, "after the wait");
    await w.refuse("send", "unknown");
    await w.pass(10_000);
    await w.refuse("send", "unavailable");
    await w.pass(10_000);
    same([w.commands("send").length, w.command("send").nonce], [4, nonce], "the same nonce");
    await w.refuse("send", "invalid");
    same(w.command("send").body, "two", "a refused one holds nobody up");
    same(w.sync.outbox[0].state, "failed", "and is shown");
    w.sync.retry(nonce);
    await w.answer("send", { seq: 4, rev: 11, sentAt: 4 });
    same(w.command("send").nonce, nonce, "tried again by hand");
  },

  async "the outbox outlives the page, per user"(w) {
    await w.talking();
    w.sync.send("A", "one");
    const other = new World();
    other.stored = w.stored;
    await other.hello({ index: [["A", 10, 3, 3, 0, 0, 0]] });
    same(other.command("send").nonce, w.command("send").nonce, "resent");
    const stranger = new World();
    stranger.stored = w.stored;
    await stranger.hello({ user: { ...USER, id: "SHE" } });
    same(stranger.commands("send").length, 0, "of somebody else");
  },

  async "another user on the same page starts afresh"(w) {
    await w.talking();
    w.sync.send("A", "mine");
    w.close(4101);
    w.sync.connect();
    await w.hello({ user: { ...USER, id: "SHE" }, index: [] });
    same([w.sync.conversations.size, w.sync.outbox.length, w.sync.open], [0, 0, null], "afresh");
  },
};

async function runCases() {
  const results = [];
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run(new World());
      results.push([name, null]);
    } catch (error) {
      results.push([name, String(error.stack ?? error)]);
    }
  }
  return results;
}
