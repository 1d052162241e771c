// The plain page of VibeTalk: one script, no framework. Part 1, ChatSync, is the client's side of the protocol (sections 2, 3
// and 5 of docs/protocol.md); it knows nothing of the page, and its socket, time, randomness and storage are handed to it.
// Part 2 is HTTP. Part 3 is the page; it draws what ChatSync holds, with DOM calls alone: no HTML is ever made from text.
"use strict";

const PAGE_ROWS = 50; // Rows of one history page.
const SYNC_ROWS = 200; // Rows of one page of changes.
const RESUME_CONVERSATIONS = 200; // What one hello may name.
const KEEP_ROWS = 200; // Rows kept of a conversation that is not on the screen.
const TOO_FAR_BEHIND = 2000; // Changes; beyond that, reading history anew is cheaper than catching up.
const CONNECT_MS = 10_000;
const TYPING_MS = 6_000;

/** An answer that is no success: from the server, or "disconnected" where there is no answer. */
class Refusal extends Error {
  constructor({ code, message, retryAfterMs, status }) {
    super(message || code);
    Object.assign(this, { code, retryAfterMs, status });
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Part 1: sync

/**
 * Keeps a copy of the user's conversations true over a connection that comes and goes, and sends what the user writes
 * exactly once and in order. A conversation holds its rows and one position; `low` is the first message of the loaded range,
 * which always reaches up to the newest one.
 */
class ChatSync {
  constructor({ openSocket, timers, random, newNonce, storage, changed }) {
    Object.assign(this, { openSocket, timers, random, newNonce, storage, changed });
    this.state = "off"; // off → connecting → online → waiting → connecting …; stopped; signedOut
    this.user = null;
    this.outbox = []; // {conversation, nonce, body, replyTo?, state: pending|sent|failed, error?, seq?, sentAt?}
    this.open = null;
    this.active = true;
    this.attempt = 0;
    this.nextCommand = 1;
    this.waiting = new Map();
    this.forget();
  }

  /** Drops everything but the outbox: another epoch, or a position above the server's. */
  forget() {
    this.outbox = this.outbox.filter((entry) => entry.state !== "sent");
    this.epoch = null;
    this.own = null;
    this.ownHeard = [];
    this.ownSyncing = false;
    this.conversations = new Map();
    this.seen = new Set();
    this.wanted = new Set();
    this.sending = new Set();
    this.holds = new Map();
    this.complete = false;
  }

  // -- Connection

  start() {
    this.beatTimer ??= this.timers.set(() => this.beat(), 1000);
    this.connect();
  }

  stop() {
    this.timers.clear(this.beatTimer);
    this.timers.clear(this.retryTimer);
    this.beatTimer = undefined;
    this.drop();
    this.become("off");
  }

  connect() {
    this.drop();
    this.become("connecting");
    this.connectingSince = this.heardAt = this.timers.now();
    const socket = this.openSocket();
    this.socket = socket;
    const ours = (action) => (event) => {
      if (socket === this.socket) action(event);
    };
    socket.onopen = ours(() => this.hello());
    socket.onmessage = ours((event) => this.receive(event.data));
    socket.onclose = ours((event) => this.closed(event.code, event.reason));
  }

  /** Lets go of the socket, whatever its state; commands without a reply end as disconnected. */
  drop() {
    const socket = this.socket;
    this.socket = null;
    this.timers.clear(this.retryTimer);
    this.timers.clear(this.moveTimer);
    this.pingedAt = null;
    for (const { reject } of this.waiting.values()) reject(new Refusal({ code: "disconnected" }));
    this.waiting.clear();
    this.sending.clear();
    if (socket) socket.close(1000);
  }

  /** Section 5: the range of a close code says what to do. */
  closed(code, reason) {
    const lastedMs = this.state === "online" ? this.timers.now() - this.onlineSince : 0;
    if (lastedMs > 5000) this.attempt = 0;
    this.drop();
    if (code >= 4000 && code <= 4099) return this.become("stopped", code);
    if (code >= 4100 && code <= 4199) return this.become("signedOut", code);
    let delayMs = this.random() * Math.min(30_000, 500 * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 10);
    if (code >= 4200 && code <= 4299) delayMs = afterMs(reason) ?? delayMs;
    this.retryAt = this.timers.now() + delayMs;
    this.retryTimer = this.timers.set(() => this.connect(), delayMs);
    this.become("waiting", code);
  }

  become(state, code = null) {
    this.state = state;
    this.closeCode = code;
    this.changed("state");
  }

  /** A ping after one heartbeat without a frame; after another one without any, the connection is taken for lost. */
  beat() {
    this.beatTimer = this.timers.set(() => this.beat(), 1000);
    const now = this.timers.now();
    if (this.state === "connecting" && now - this.connectingSince > CONNECT_MS) return this.closed(1006, "");
    if (this.state !== "online") return;
    if (this.pingedAt !== null && now - this.pingedAt >= this.heartbeatMs) return this.closed(1006, "");
    if (this.pingedAt === null && now - this.heardAt >= this.heartbeatMs) {
      this.pingedAt = now;
      this.call("ping").catch(() => {}); // Its failure is the closing of the connection, which is seen elsewhere.
    }
  }

  /** One command, one reply. */
  call(command, fields = {}) {
    if (!this.socket || (this.state !== "online" && command !== "hello")) {
      return Promise.reject(new Refusal({ code: "disconnected", message: "There is no connection right now." }));
    }
    const id = this.nextCommand++;
    const frame = JSON.stringify({ id, do: command, ...fields });
    if (bytes(frame) > (this.limits?.frameBytes ?? Infinity)) {
      return Promise.reject(new Refusal({ code: "too_large", message: "This is too long. Split it and send the parts." }));
    }
    this.socket.send(frame);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  /** A read that is asked again while the server is busy; it fails when the connection does. */
  async insist(command, fields) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.call(command, fields);
      } catch (error) {
        if (!["rate_limited", "unavailable", "unknown"].includes(error.code) || tries === 8) throw error;
        await this.pause(error.retryAfterMs ?? Math.min(10_000, 500 * 2 ** tries));
      }
    }
  }

  receive(data) {
    this.heardAt = this.timers.now();
    this.pingedAt = null;
    const frame = JSON.parse(data);
    if (frame.re === undefined) return this.event(frame);
    const waiter = this.waiting.get(frame.re);
    this.waiting.delete(frame.re);
    if (frame.error) waiter?.reject(new Refusal(frame.error));
    else waiter?.resolve(frame.ok);
  }

  // -- Hello and resume

  async hello() {
    const socket = this.socket;
    const known = this.epoch !== null && this.own !== null;
    const resume = {};
    for (const c of this.byInterest().filter((c) => c.low !== null).slice(0, RESUME_CONVERSATIONS)) resume[c.id] = c.position;
    const fields = { device: "Web page", features: [], ...(known && { epoch: this.epoch, own: this.own, resume }) };
    let ok;
    try {
      ok = await this.call("hello", fields);
    } catch {
      return; // The server closes after a refused hello, and the close code says what to do.
    }
    this.welcome(ok);
    try {
      for (let page = ok; page.more; ) {
        page = await this.insist("index", { after: page.index.at(-1)[0] });
        this.takeIndex(page.index);
      }
    } catch (error) {
      if (error.code !== "disconnected" && socket === this.socket) this.closed(1006, "");
      return;
    }
    if (socket === this.socket) this.catchUp();
  }

  welcome(ok) {
    if (this.user && this.user.id !== ok.user.id) {
      this.forget();
      this.open = null;
    }
    if (this.user?.id !== ok.user.id) this.outbox = this.storedOutbox(ok.user.id);
    const ahead = ok.index.some(([id, head]) => (this.conversations.get(id)?.position ?? 0) > head);
    const afresh = this.epoch !== ok.epoch || ahead || this.own > ok.own;
    if (afresh) this.forget();
    for (const key of ["user", "session", "node", "heartbeatMs", "limits", "epoch"]) this[key] = ok[key];
    this.onlineSince = this.timers.now();
    this.attempt >>= 1; // A server that comes and goes is met half way; one that stays is trusted again after 5 s.
    this.seen = new Set();
    this.complete = false;
    this.become("online");
    if (this.open) this.call("open", { conversation: this.open }).catch(() => {}); // Best effort: it only steers ephemera.
    if (!this.active) this.call("state", { active: false }).catch(() => {}); // The same.
    for (const id of ok.gone ?? []) this.conversations.delete(id);
    this.takeIndex(ok.index);
    for (const page of (!afresh && ok.changes) || []) {
      const c = this.conversations.get(page.conversation);
      if (c && this.takeChanges(c, page)) return;
      if (c && page.more) this.sync(c);
    }
    if (this.own === null) this.own = ok.own;
    if (this.own < ok.own) this.syncOwn();
    for (const id of new Set(this.outbox.map((entry) => entry.conversation))) this.pump(id);
    this.changed("all");
  }

  takeIndex(rows) {
    for (const [id, head, lastSeq, readSeq, unread, mentions, unreadFrom] of rows) {
      const c = this.conversations.get(id) ?? this.add(id);
      this.seen.add(id);
      Object.assign(c.own, { readSeq, unread, mentions, unreadFrom: unreadFrom || undefined });
      Object.assign(c, { head, lastSeq: Math.max(lastSeq, c.lastSeq) });
      if (c.position > head) return this.restart();
      if (c.position === null) this.settle(c, head);
    }
    this.changed("all");
  }

  /** The index is whole: what it does not name is no longer ours, and what is behind it is fetched, the screen's first. */
  async catchUp() {
    const socket = this.socket;
    this.complete = true;
    for (const id of [...this.conversations.keys()]) {
      if (!this.seen.has(id)) this.conversations.delete(id);
    }
    for (const c of this.conversations.values()) {
      if (c.low === null && c.position < c.head) this.skipTo(c, c.head);
      if (!c.row) this.wanted.add(c.id);
    }
    this.want();
    for (const c of this.byInterest()) {
      if (socket !== this.socket) return;
      if (c.id === this.open && c.low === null) await this.load(c.id);
      else if (c.position < c.head) await this.sync(c);
    }
  }

  restart() {
    this.forget();
    this.changed("all");
    this.connect();
    return true;
  }

  byActivity() {
    const at = (c) => c.lastMessage?.sentAt ?? c.row?.createdAt ?? 0;
    return [...this.conversations.values()].sort((a, b) => at(b) - at(a) || (a.id < b.id ? 1 : -1));
  }

  byInterest() {
    const sorted = this.byActivity();
    return [...sorted.filter((c) => c.id === this.open), ...sorted.filter((c) => c.id !== this.open)];
  }

  // -- Conversations and their positions

  add(id) {
    const c = {
      id, row: null, own: { readSeq: 0, unread: 0, mentions: 0 }, ownRev: 0, position: null, head: 0, lastSeq: 0,
      lastMessage: null, messages: new Map(), low: null, loading: false, cuts: 0, failed: null, held: [], heard: [],
      syncing: false, reading: false,
      members: new Map(), allMembers: false, markers: new Map(), typing: new Map(),
    };
    this.conversations.set(id, c);
    return c;
  }

  /** Rows of this conversation are no longer complete up to `head`: they go, and history is read when somebody looks. */
  skipTo(c, head) {
    Object.assign(c, { position: Math.max(c.position ?? 0, head), low: null, held: [], messages: new Map(), cuts: c.cuts + 1 });
    this.outbox = this.outbox.filter((entry) => entry.conversation !== c.id || entry.state !== "sent");
    this.want(c.id);
    if (c.id === this.open) this.load(c.id);
  }

  /** Takes a position, and counts what was heard meanwhile and joins on to it; a hole left over is a gap. */
  settle(c, position) {
    c.position = Math.max(c.position ?? 0, position);
    for (const [after, rev] of c.heard.sort((a, b) => a[0] - b[0])) {
      if (after <= c.position) c.position = Math.max(c.position, rev);
    }
    const furthest = Math.max(c.position, ...c.heard.map(([, rev]) => rev));
    c.heard = [];
    if (furthest > c.position) this.repair(c, c.position, furthest);
  }

  /** A gap, up to `rev`: where rows are held (or on their way), sync; else there is nothing to repair but the row itself. */
  repair(c, after, rev) {
    if (c.low === null && !c.loading) return this.skipTo(c, rev);
    c.heard = [[after, rev]];
    this.sync(c);
  }

  event(frame) {
    const { event, conversation: id, after, rev } = frame;
    if (event === "own") return this.ownEvent(frame);
    if (event === "moving") {
      this.moveTimer = this.timers.set(() => this.connect(), frame.afterMs);
      return;
    }
    if (event === "joined") return this.joined(frame.row);
    if (event === "left") {
      this.conversations.delete(id);
      return this.changed("left", id);
    }
    if (!id) return;
    let c = this.conversations.get(id);
    if (Number.isSafeInteger(after) && Number.isSafeInteger(rev)) {
      if (!c) {
        c = this.add(id);
        this.want(id);
      }
      return this.interval(c, frame);
    }
    if (!c) return;
    if (event === "behind") this.behind(c, frame.head);
    if (event === "read") c.markers.set(frame.user, Math.max(frame.readSeq, c.markers.get(frame.user) ?? 0));
    if (event === "typing") {
      c.typing.set(frame.user, this.timers.now() + TYPING_MS);
      this.timers.set(() => this.changed("typing", id), TYPING_MS + 50);
    }
    this.changed(event, id);
  }

  interval(c, { event, after, rev, message, member, row, messages, members }) {
    if (c.position !== null && rev <= c.position && !c.syncing) return;
    if (event === "message") this.takeMessage(c, message);
    if (event === "member") this.takeMember(c, member);
    if (event === "conversation") this.takeRow(c, row);
    if (event === "changes") this.takeRows(c, { row, messages, members });
    if (c.syncing || c.position === null) {
      const last = c.heard.at(-1);
      if (last && after <= last[1] && after >= last[0]) last[1] = Math.max(last[1], rev);
      else c.heard.push([after, rev]);
    } else if (after > c.position) {
      this.repair(c, after, rev);
    } else {
      c.position = rev;
    }
    this.changed(event, c.id);
  }

  behind(c, head) {
    if (c.low === null || head - c.position > TOO_FAR_BEHIND) this.skipTo(c, head);
    this.sync(c);
  }

  joined(row) {
    this.seen.add(row.id);
    const c = this.conversations.get(row.id);
    if (c && (c.position !== row.head || c.syncing)) this.conversations.delete(row.id);
    this.take(row);
    this.changed("joined", row.id);
    if (this.open === row.id) this.load(row.id);
  }

  /** Pages `changes` from the position on until the server has no more. */
  async sync(c) {
    if (c.syncing) return;
    c.syncing = true;
    try {
      for (let page = { more: true }; page.more; ) {
        page = await this.insist("sync", { conversation: c.id, since: c.position, limit: SYNC_ROWS });
        if (this.conversations.get(c.id) !== c || this.takeChanges(c, page)) return;
        if (page.more && page.head - page.upTo > TOO_FAR_BEHIND) this.skipTo(c, page.head);
      }
      c.syncing = false;
      this.settle(c, c.position);
    } catch (error) {
      if (error.code === "not_found") this.conversations.delete(c.id);
      else if (error.code !== "disconnected") this.closed(1006, ""); // A fresh hello starts over from what we hold.
    } finally {
      c.syncing = false;
    }
    this.changed("changes", c.id);
  }

  /** Applies one answer of `sync`; true if the server knows less than we do, and everything starts afresh. */
  takeChanges(c, page) {
    if (page.reset) return this.restart();
    this.takeRows(c, page);
    c.position = Math.max(c.position, page.upTo);
    c.head = Math.max(c.head, page.head);
    return false;
  }

  takeRows(c, { row, messages = [], members = [] }) {
    if (row) this.takeRow(c, row);
    for (const message of messages) this.takeMessage(c, message);
    for (const member of members) this.takeMember(c, member);
  }

  takeRow(c, { own, members, lastMessage, head, lastSeq, ...row }) {
    if (!c.row || row.rev >= c.row.rev) c.row = { memberCount: c.row?.memberCount, ...row };
  }

  takeMember(c, member) {
    const old = c.members.get(member.user);
    if (member.readSeq) c.markers.set(member.user, Math.max(member.readSeq, c.markers.get(member.user) ?? 0));
    if (old && old.rev >= member.rev) return;
    c.members.set(member.user, member);
    if (!c.allMembers) return this.want(c.id);
    if (c.row) c.row.memberCount = [...c.members.values()].filter((each) => !each.leftAt).length;
  }

  takeMessage(c, message) {
    this.delivered(message);
    c.typing.delete(message.sender);
    if (message.seq > c.lastSeq) {
      c.lastSeq = message.seq;
      if (message.sender === this.user.id) this.marker(c, { readSeq: message.seq, unread: 0 });
      else if (!message.deleted) c.own.unread += 1; // Until the server's own count comes.
    }
    const last = c.lastMessage;
    if (!last || message.seq > last.seq || (message.seq === last.seq && message.rev > last.rev)) c.lastMessage = message;
    if (c.low === null || message.seq < c.low) {
      if (c.loading) c.held.push(message); // The history on its way may be older than this.
      return;
    }
    const old = c.messages.get(message.seq);
    if (!old || message.rev > old.rev) c.messages.set(message.seq, { ...message, mine: message.mine ?? old?.mine });
    else if (message.rev === old.rev && message.mine) old.mine = message.mine;
  }

  /** A whole conversation, from `conversations`, `joined` or the answer to `create`. */
  take(object) {
    const c = this.conversations.get(object.id) ?? this.add(object.id);
    const { own, members, lastMessage: last } = object;
    this.seen.add(c.id);
    this.takeRow(c, object);
    c.row.memberCount = object.memberCount;
    if (last && !(c.lastMessage?.seq > last.seq) && !(c.lastMessage?.rev > last.rev)) c.lastMessage = last;
    if (own && own.readSeq >= c.own.readSeq) {
      const unread = object.lastSeq >= c.lastSeq ? own.unread : c.own.unread; // What we heard may be newer than the answer.
      c.own = { ...own, unread };
    }
    c.lastSeq = Math.max(c.lastSeq, object.lastSeq);
    if (members) {
      const present = new Set(members.map((member) => member.user));
      for (const [user, { rev }] of c.members) if (rev <= object.head && !present.has(user)) c.members.delete(user);
      c.allMembers = true;
      members.forEach((member) => this.takeMember(c, member));
    }
    if (c.position === null) this.settle(c, object.head);
    return c;
  }

  want(id) {
    if (id) this.wanted.add(id);
    if (!this.fetching) this.fetchWanted();
  }

  async fetchWanted() {
    this.fetching = true;
    await null; // What is wanted in the same turn goes in one command.
    while (this.wanted.size && this.state === "online") {
      const rank = (id) => (id === this.open ? "~" : id); // The screen's first, then the youngest.
      const ids = [...this.wanted].sort((a, b) => (rank(a) < rank(b) ? 1 : -1)).slice(0, 200);
      ids.forEach((id) => this.wanted.delete(id));
      try {
        const { conversations } = await this.insist("conversations", { ids });
        conversations.forEach((each) => this.take(each));
        const found = new Set(conversations.map((each) => each.id));
        for (const id of ids) if (!found.has(id)) this.conversations.delete(id);
      } catch (error) {
        if (error.code === "disconnected") ids.forEach((id) => this.wanted.add(id));
      }
      this.changed("all");
    }
    this.fetching = false;
  }

  /** Reads the newest page of history, or the one before what is loaded. */
  async load(id) {
    const c = this.conversations.get(id);
    if (!c || c.loading || c.low === 1) return;
    const older = c.low !== null;
    const cuts = c.cuts;
    Object.assign(c, { loading: true, failed: null, held: [] });
    this.changed("history", id);
    try {
      const fields = { conversation: id, limit: PAGE_ROWS, ...(older && { before: c.low }) };
      const { messages } = await this.insist("history", fields);
      if (cuts === c.cuts) {
        c.low = messages.length ? messages[0].seq : 1;
        for (const message of [...messages, ...c.held]) this.takeMessage(c, message);
      }
    } catch (error) {
      if (error.code !== "disconnected") c.failed = error.message;
    } finally {
      Object.assign(c, { loading: false, held: [] });
      this.changed("history", id);
    }
    if (id === this.open && c.low === null && !c.failed && this.state === "online") this.load(id); // Rows were dropped meanwhile.
  }

  // -- The user's own log

  ownEvent({ after, rev, rows }) {
    if (this.own !== null && rev <= this.own && !this.ownSyncing) return;
    rows.forEach((row) => this.takeOwn(row));
    if (this.ownSyncing || this.own === null) this.ownHeard.push([after, rev]);
    else if (after > this.own) this.syncOwn();
    else this.own = rev;
    this.changed("own");
  }

  async syncOwn() {
    if (this.ownSyncing) return;
    this.ownSyncing = true;
    try {
      for (let page = { more: true }; page.more; ) {
        page = await this.insist("sync", { own: true, since: this.own });
        if (page.reset) return void this.restart();
        page.rows.forEach((row) => this.takeOwn(row));
        this.own = Math.max(this.own, page.upTo);
      }
      for (const [after, rev] of this.ownHeard) if (after <= this.own) this.own = Math.max(this.own, rev);
    } catch (error) {
      if (error.code !== "disconnected") this.closed(1006, "");
    } finally {
      this.ownSyncing = false;
      this.ownHeard = [];
    }
    this.changed("own");
  }

  takeOwn(row) {
    const c = this.conversations.get(row.conversation);
    if (row.type === "membership" && c && !row.left && row.rev > c.ownRev) {
      c.ownRev = row.rev;
      const { readSeq, unread, ...rest } = row;
      Object.assign(c.own, { unreadFrom: undefined, draft: undefined }, rest);
      if (readSeq >= c.own.readSeq) Object.assign(c.own, { readSeq, unread }); // Markers merge by max.
    }
    const message = row.type === "reaction" ? c?.messages.get(row.seq) : null;
    if (message) message.mine = row.mine;
  }

  marker(c, { readSeq, unread, unreadFrom }) {
    if (readSeq >= c.own.readSeq) Object.assign(c.own, { readSeq, unread, mentions: unread ? c.own.mentions : 0 });
    c.own.unreadFrom = unreadFrom;
  }

  /** Counted from the rows where all of them are here, else the server's number. */
  unread(c) {
    if (c.low === null || c.low > c.own.readSeq + 1) return c.own.unread;
    let count = 0;
    for (let seq = c.lastSeq; seq > c.own.readSeq; seq--) {
      const message = c.messages.get(seq);
      if (!message) return c.own.unread;
      if (!message.deleted) count += 1;
    }
    return count;
  }

  // -- What the user does

  look(id) {
    const before = this.conversations.get(this.open);
    if (before && before.id !== id && before.low !== null && before.lastSeq - before.low >= KEEP_ROWS) {
      before.low = before.lastSeq - KEEP_ROWS + 1;
      for (const seq of before.messages.keys()) if (seq < before.low) before.messages.delete(seq);
    }
    if (this.open !== id) this.call("open", { conversation: id }).catch(() => {}); // Said again after the next hello.
    this.open = id;
    const c = this.conversations.get(id);
    if (c && c.low === null && this.state === "online") this.load(id);
  }

  setActive(active) {
    if (this.active !== active) this.call("state", { active }).catch(() => {}); // The same.
    this.active = active;
  }

  /** Moves the marker to what has been seen; asked again and again, it says so once. */
  async read(id, seq) {
    const c = this.conversations.get(id);
    if (!c || c.reading || !seq || (seq <= c.own.readSeq && !c.own.unreadFrom)) return;
    c.reading = true;
    try {
      this.marker(c, await this.call("read", { conversation: id, seq }));
    } catch (error) {
      await this.pause(error.retryAfterMs ?? 2000); // The next look says it again.
    }
    c.reading = false;
    this.changed("own", id);
  }

  pause(ms) {
    return new Promise((resolve) => this.timers.set(resolve, ms));
  }

  typed(id) {
    const now = this.timers.now();
    if (now - (this.typedAt ?? -Infinity) < 3000 && this.typedIn === id) return;
    Object.assign(this, { typedAt: now, typedIn: id });
    this.call("typing", { conversation: id }).catch(() => {}); // Ephemeral by nature.
  }

  /** Messages of the loaded range without a hole, then what is not yet confirmed, in the order of writing. */
  timeline(c) {
    const rows = [];
    for (let seq = c.low ?? 1; c.messages.has(seq); seq++) rows.push(c.messages.get(seq));
    const mine = this.outbox.filter((entry) => entry.conversation === c.id);
    const sent = mine.filter((entry) => entry.state === "sent" && !c.messages.has(entry.seq));
    return { rows, pending: [...sent, ...mine.filter((entry) => entry.state !== "sent")] };
  }

  async change(command, c, seq, fields) {
    const { message } = await this.call(command, { conversation: c.id, seq, ...fields });
    const mine = new Set(c.messages.get(seq)?.mine ?? []);
    if (command === "react") mine.add(fields.emoji);
    if (command === "unreact") mine.delete(fields.emoji);
    this.takeMessage(c, { ...message, mine: message.mine ?? [...mine] });
    this.changed("message", c.id);
  }

  // -- Outbox: one send of a conversation at a time, so that order holds whatever is refused

  send(conversation, body, replyTo) {
    this.outbox.push({ conversation, nonce: this.newNonce(), body, ...(replyTo && { replyTo }), state: "pending" });
    this.storeOutbox();
    this.changed("outbox", conversation);
    this.pump(conversation);
  }

  retry(nonce) {
    const entry = this.outbox.find((each) => each.nonce === nonce);
    if (!entry || entry.state !== "failed") return;
    Object.assign(entry, { state: "pending", error: undefined });
    this.changed("outbox", entry.conversation);
    this.pump(entry.conversation);
  }

  discard(nonce) {
    const entry = this.outbox.find((each) => each.nonce === nonce);
    if (entry?.state !== "failed") return;
    this.outbox = this.outbox.filter((each) => each !== entry);
    this.storeOutbox();
    this.changed("outbox", entry.conversation);
  }

  pump(id) {
    if (this.state !== "online" || this.sending.has(id) || this.holds.has(id)) return;
    const entry = this.outbox.find((each) => each.conversation === id && each.state === "pending");
    if (!entry) return;
    this.sending.add(id);
    const { conversation, nonce, body, replyTo } = entry;
    this.call("send", { conversation, nonce, body, ...(replyTo && { replyTo }) })
      .then((ok) => this.sent(entry, ok), (error) => this.refused(entry, error));
  }

  sent(entry, { seq, sentAt }) {
    this.sending.delete(entry.conversation);
    const c = this.conversations.get(entry.conversation);
    if (c) this.marker(c, { readSeq: seq, unread: 0 });
    Object.assign(entry, { state: "sent", seq, sentAt, tries: 0 });
    if (!c || c.low === null || seq < c.low || c.messages.has(seq)) this.outbox = this.outbox.filter((each) => each !== entry);
    this.storeOutbox();
    this.changed("outbox", entry.conversation);
    this.pump(entry.conversation);
  }

  refused(entry, error) {
    const id = entry.conversation;
    if (error.code === "disconnected") return; // Sent again after the next hello, under the same nonce.
    this.sending.delete(id);
    if (["rate_limited", "unknown", "unavailable"].includes(error.code)) {
      entry.tries = (entry.tries ?? 0) + 1;
      const waitMs = error.retryAfterMs ?? Math.min(30_000, 500 * 2 ** entry.tries);
      this.holds.set(id, this.timers.set(() => {
        this.holds.delete(id);
        this.pump(id);
      }, waitMs));
    } else {
      Object.assign(entry, { state: "failed", error: error.message });
      this.storeOutbox();
      this.pump(id);
    }
    this.changed("outbox", id);
  }

  /** A message of ours has been seen in the log: whatever became of the reply, it is there. */
  delivered(message) {
    if (message.sender !== this.user.id) return;
    const before = this.outbox.length;
    this.outbox = this.outbox.filter((entry) => entry.nonce !== message.nonce || entry.conversation !== message.conversation);
    if (this.outbox.length !== before) this.storeOutbox();
  }

  storedOutbox(user) {
    try {
      return JSON.parse(this.storage.getItem(`vibetalk.outbox.${user}`) ?? "[]");
    } catch {
      return []; // Storage may be forbidden, or hold what another version wrote.
    }
  }

  storeOutbox() {
    try {
      const entries = this.outbox.filter((entry) => entry.state !== "sent");
      this.storage.setItem(`vibetalk.outbox.${this.user.id}`, JSON.stringify(entries));
    } catch {
      // Full or forbidden: the outbox then lives as long as this page.
    }
  }
}

function afterMs(reason) {
  try {
    const { afterMs } = JSON.parse(reason);
    return Number.isFinite(afterMs) ? Math.max(0, afterMs) : null;
  } catch {
    return null;
  }
}

function newNonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(text) {
  return new TextEncoder().encode(text).length;
}

// ---------------------------------------------------------------------------------------------------------------------
// Part 2: HTTP. The session is a cookie that this script cannot read; `mode` stays at its default, so that Origin is sent.

async function http(method, path, body) {
  const headers = { Accept: "application/json", ...(method !== "GET" && { "Content-Type": "application/json" }) };
  let response;
  try {
    response = await fetch(`/v1${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Refusal({ code: "disconnected", message: "The server cannot be reached. Check your connection and try again." });
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null); // An error of a proxy is no JSON.
  if (response.ok) return { status: response.status, answer };
  const message = answer?.detail ?? answer?.title ?? `The server answered ${response.status}. Try again in a moment.`;
  throw new Refusal({ code: answer?.code, status: response.status, message, retryAfterMs: answer?.retryAfterMs });
}

/** Names of people, asked for once, four at a time. */
class People {
  constructor(changed) {
    Object.assign(this, { changed, known: new Map(), queue: [], asking: 0 });
  }

  put(user) {
    this.known.set(user.id, user);
  }

  get(id) {
    if (!this.known.has(id)) {
      this.put({ id, name: "…", handle: "" });
      this.queue.push(id);
      this.ask();
    }
    return this.known.get(id);
  }

  async ask() {
    if (this.asking === 4 || !this.queue.length) return;
    const id = this.queue.shift();
    this.asking += 1;
    try {
      this.put((await http("GET", `/users/${id}`)).answer);
    } catch (error) {
      if (error.status === 404) this.put({ id, name: "Deleted user", handle: "" });
      else setTimeout(() => this.known.delete(id), error.retryAfterMs ?? 5000); // Asked again when next drawn.
    }
    this.asking -= 1;
    this.changed();
    this.ask();
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Part 3: the page

const $ = (id) => document.getElementById(id);
const REACTIONS = ["👍", "❤️", "😂", "🎉"];

function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name === "testid" ? "data-testid" : name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes `parent` show `items` ({key, sign, make}) in order; elements whose sign is the same stay as they are. */
function reconcile(parent, items) {
  const old = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  let next = parent.firstElementChild;
  for (const { key, sign, make } of items) {
    let element = old.get(key);
    old.delete(key);
    if (!element || element.sign !== sign) {
      const fresh = Object.assign(make(), { sign });
      fresh.dataset.key = key;
      const focused = element?.contains(document.activeElement);
      if (element === next) next = next?.nextElementSibling ?? null;
      element?.remove();
      parent.insertBefore(fresh, next);
      if (focused) fresh.focus({ preventScroll: true });
    } else if (element === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(element, next);
    }
  }
  for (const element of old.values()) element.remove();
}

/** Text that may be shown: no control characters but line break and tab. */
const visible = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayOf = (time) => new Date(time).toDateString();

function dayName(time) {
  if (dayOf(time) === dayOf(Date.now())) return "Today";
  return dayOf(time) === dayOf(Date.now() - 86_400_000) ? "Yesterday" : date.format(time);
}

function avatar(id, name) {
  const hue = [...id].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 8, 7);
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("");
  return h("span", { class: `avatar hue${hue}`, "aria-hidden": "true" }, letters.toUpperCase() || "?");
}

function fail(element, error) {
  element.hidden = !error;
  element.textContent = error?.message ?? error ?? "";
}

class Page {
  constructor() {
    this.people = new People(() => this.draw());
    this.sync = new ChatSync({
      openSocket: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/ws`, "vibetalk.v1"),
      timers: { now: () => performance.now(), set: (action, ms) => setTimeout(action, ms), clear: (timer) => clearTimeout(timer) },
      random: Math.random,
      newNonce,
      storage: sessionStorage,
      changed: (what, id) => this.changed(what, id),
    });
    this.drafts = new Map(); // conversation → what was being written there
    this.editing = this.replying = null;
    this.atBottom = true;
    this.troubleSince = performance.now();
    this.bindAuth();
    this.bindChat();
    this.bindDialogs();
    this.begin();
  }

  async begin() {
    try {
      this.server = (await http("GET", "/server")).answer;
      const { answer } = await http("GET", "/me");
      this.enter(answer);
    } catch (error) {
      if (error.status === 401) return this.showAuth();
      $("starting").textContent = `${error.message} Trying again…`;
      setTimeout(() => this.begin(), 2000);
    }
  }

  // -- Signing in

  bindAuth() {
    $("signin-tab").onclick = () => this.authTab("signin");
    $("signup-tab").onclick = () => this.authTab("signup");
    $("signin").onsubmit = (event) => this.submit(event, $("auth-error"), ({ account, password }) => {
      const who = account.includes("@") ? { email: account.trim() } : { handle: account.trim().replace(/^@/, "") };
      return http("POST", "/sessions", { ...who, password, device: "Web page", cookie: true });
    });
    $("signup").onsubmit = (event) => this.submit(event, $("auth-error"), async ({ code, invite, ...fields }) => {
      if (code) {
        await http("POST", "/accounts/verify", { email: fields.email, code });
        return http("POST", "/sessions", { email: fields.email, password: fields.password, device: "Web page", cookie: true });
      }
      return http("POST", "/accounts", { ...fields, ...(invite && { invite }), cookie: true });
    });
  }

  /** One form, one request: the button waits, and an error is shown where the eye is. */
  async submit(event, error, request) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button.primary");
    button.disabled = true;
    fail(error, null);
    try {
      const { status, answer } = await request(Object.fromEntries(new FormData(form)));
      if (status === 202) $("code-field").hidden = false;
      else this.enter(answer.user);
    } catch (problem) {
      const waitSeconds = Math.ceil((problem.retryAfterMs ?? 0) / 1000);
      const wrong = problem.code === "unauthenticated";
      if (wrong) problem = "This name and password do not belong together. Check both and try again.";
      fail(error, waitSeconds ? `${problem.message} Try again in ${waitSeconds} s.` : problem);
    }
    button.disabled = false;
  }

  authTab(name) {
    for (const each of ["signin", "signup"]) {
      $(each).hidden = each !== name;
      $(`${each}-tab`).setAttribute("aria-selected", each === name);
    }
    fail($("auth-error"), null);
    $(name).querySelector("input").focus();
  }

  showAuth(message) {
    const { name = "VibeTalk", signUp = "open" } = this.server ?? {};
    $("auth-title").textContent = `Welcome to ${name}`;
    $("auth-hint").textContent = message ?? (signUp === "closed" ? "Sign in with your account." : "Sign in, or create an account.");
    $("signup-tab").hidden = signUp === "closed";
    $("invite-field").hidden = signUp !== "invite";
    $("starting").hidden = $("chat").hidden = true;
    $("auth").hidden = false;
    this.authTab("signin");
  }

  enter(user) {
    this.people.put(user);
    $("starting").hidden = $("auth").hidden = true;
    $("chat").hidden = false;
    $("signin").reset();
    $("signup").reset();
    this.route();
    this.sync.start();
  }

  // -- What ChatSync tells

  changed(what, id) {
    if (what === "state") this.stateChanged();
    if (what === "left" && id === this.sync.open) this.toast("You are no longer in this conversation.");
    this.draw();
  }

  stateChanged() {
    const { state, user } = this.sync;
    if (state === "online") {
      this.troubleSince = null;
      this.people.put(user);
    } else {
      this.troubleSince ??= performance.now();
    }
    clearInterval(this.bannerTimer);
    if (state !== "online" && state !== "off") this.bannerTimer = setInterval(() => this.drawBanner(), 500);
    if (state === "signedOut") this.signInAgain();
  }

  /** The connection was refused for its session: if the cookie is still good, go on; else ask to sign in. */
  async signInAgain() {
    try {
      await http("GET", "/me");
      setTimeout(() => this.sync.connect(), 1000);
    } catch (error) {
      if (error.status === 401) this.showAuth("Your session has ended. Sign in again; what you have written is kept.");
      else setTimeout(() => this.signInAgain(), 2000);
    }
  }

  /** Many changes, one drawing. A page in the background has no animation frames. */
  draw() {
    if (this.drawing) return;
    this.drawing = true;
    const now = () => {
      this.drawing = false;
      if ($("chat").hidden) return;
      this.drawBanner();
      this.drawList();
      this.drawTalk();
    };
    if (document.hidden) setTimeout(now, 200);
    else requestAnimationFrame(now);
  }

  drawBanner() {
    const { state, closeCode, retryAt } = this.sync;
    const trouble = this.troubleSince !== null && performance.now() - this.troubleSince > 800;
    $("banner").hidden = !trouble || state === "off";
    if (!trouble) return;
    const seconds = Math.max(1, Math.ceil((retryAt - performance.now()) / 1000));
    const stopped = {
      4003: "This address may not connect to the server. Open the page at the server's own address.",
      4010: "VibeTalk is open in too many places, and another one took this place.",
    };
    let text = "Connecting…";
    if (state === "waiting") text = `No connection. Next try in ${seconds} s. What you write now is sent then.`;
    if (state === "signedOut") text = "Checking your session…";
    if (state === "stopped") text = stopped[closeCode] ?? "The page and the server do not understand each other. Reload the page.";
    if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
    $("banner-action").hidden = state === "connecting" || state === "signedOut";
    $("banner-action").textContent = state !== "stopped" ? "Try now" : closeCode === 4010 ? "Use it here" : "Reload";
  }

  // -- Conversations

  names(c) {
    const others = [...c.members.values()].filter((member) => !member.leftAt && member.user !== this.sync.user.id);
    return others.map((member) => this.people.get(member.user).name);
  }

  titleOf(c) {
    if (!c.row) return "Loading…";
    if (c.row.kind === "channel") return `# ${c.row.name ?? "channel"}`;
    if (c.row.name) return c.row.name;
    const names = this.names(c);
    if (!names.length) return c.row.kind === "direct" ? "Notes to yourself" : "Only you";
    return names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");
  }

  preview(c) {
    const last = c.lastMessage;
    if (!last) return c.row?.topic || "No messages yet";
    if (last.deleted) return "Message deleted";
    const mine = last.sender === this.sync.user.id;
    const who = mine ? "You: " : c.row?.kind === "direct" ? "" : `${this.people.get(last.sender).name}: `;
    return who + this.plain(last.body ?? "").slice(0, 120);
  }

  plain(body) {
    return visible(body).replace(/<@([0-9A-Z]{13}|all)>/g, (_, id) => `@${id === "all" ? "all" : this.people.get(id).name}`);
  }

  drawList() {
    const { sync } = this;
    if (!sync.user) return;
    const me = this.people.get(sync.user.id);
    $("me-name").textContent = me.name;
    $("me-handle").textContent = `@${me.handle}`;
    $("me-avatar").replaceChildren(avatar(me.id, me.name));
    let total = 0;
    const items = sync.byActivity().map((c) => {
      const unread = sync.unread(c) || (c.own.unreadFrom ? 1 : 0);
      if (!c.own.muted) total += unread;
      const at = c.lastMessage?.sentAt ?? c.row?.createdAt;
      const time = at ? (dayOf(at) === dayOf(Date.now()) ? clock : shortDate).format(at) : "";
      const facts = [this.titleOf(c), this.preview(c), time, unread, c.own.mentions, c.id === sync.open, c.own.muted];
      return { key: c.id, sign: JSON.stringify(facts), make: () => this.listItem(c, ...facts) };
    });
    reconcile($("list"), items);
    $("list-state").hidden = items.length > 0;
    $("list-state").textContent = sync.complete ? "No conversations yet. Start one with the button above." : "Loading conversations…";
    document.title = total ? `(${total}) VibeTalk` : "VibeTalk";
  }

  listItem(c, title, preview, time, unread, mentions, current, muted) {
    const label = unread ? `${title}, ${unread} unread` : title;
    return h("a", {
      href: `#${c.id}`, class: `item${unread ? " unread" : ""}${muted ? " muted" : ""}`, testid: "conversation-item",
      "data-id": c.id, "data-unread": String(unread), "aria-current": current && "page", "aria-label": label,
    },
    avatar(c.id, title.replace(/^# /, "")),
    h("span", { class: "what" }, h("strong", { dir: "auto" }, title), h("span", { class: "preview", dir: "auto" }, preview)),
    h("span", { class: "when" }, h("small", {}, time),
      unread > 0 && h("span", { class: "badge", testid: "unread" }, mentions > 0 ? `@ ${unread}` : String(unread))));
  }

  // -- The open conversation

  route() {
    const id = location.hash.slice(1) || null;
    if (id !== this.sync.open) {
      this.setContext(null, null);
      if (this.sync.open) this.drafts.set(this.sync.open, $("text").value);
      $("text").value = this.drafts.get(id) ?? "";
      this.atBottom = true;
      this.firstUnread = undefined;
      $("timeline").replaceChildren();
    }
    $("chat").dataset.view = id ? "talk" : "list";
    this.sync.look(id);
    this.grow();
    if (id && matchMedia("(hover: hover)").matches) setTimeout(() => $("text").focus());
    this.draw();
  }

  drawTalk() {
    const { sync } = this;
    const c = sync.user && sync.conversations.get(sync.open);
    const missing = sync.open && !c && sync.complete;
    $("nothing").hidden = Boolean(c);
    $("nothing").querySelector("h2").textContent = missing ? "Not found" : sync.open ? "Loading…" : "Nothing open";
    $("nothing").querySelector("p").textContent = missing
      ? "This conversation does not exist, or you are not in it." : "Choose a conversation, or start a new one.";
    const writes = c && c.own.role !== "reader";
    $("talk-bar").hidden = $("timeline").hidden = !c;
    $("composer").hidden = !writes;
    $("read-only").hidden = !c || writes;
    if (!c) {
      $("jump").hidden = true;
      $("typing").textContent = "";
      return;
    }
    $("title").textContent = this.titleOf(c);
    $("subtitle").textContent = this.subtitle(c);
    this.drawTyping(c);
    this.drawTimeline(c);
  }

  subtitle(c) {
    const count = c.row?.memberCount ?? 0;
    if (c.row?.kind === "direct") return this.names(c).length ? `@${this.people.get(this.other(c)).handle}` : "Only you can see this";
    return `${count} ${count === 1 ? "member" : "members"}${c.row?.topic ? ` · ${c.row.topic}` : ""}`;
  }

  other(c) {
    return [...c.members.keys()].find((user) => user !== this.sync.user.id);
  }

  drawTyping(c) {
    const now = performance.now();
    const who = [...c.typing].filter(([user, until]) => until > now && user !== this.sync.user.id);
    const names = who.map(([user]) => this.people.get(user).name);
    const text = { 0: "", 1: `${names[0]} is typing…`, 2: `${names[0]} and ${names[1]} are typing…` };
    $("typing").textContent = text[names.length] ?? "Several people are typing…";
  }

  drawTimeline(c) {
    const { sync } = this;
    const box = $("timeline");
    const { rows, pending } = sync.timeline(c);
    if (this.firstUnread === undefined && c.low !== null) this.firstUnread = c.own.readSeq + 1;
    const items = [];
    const note = (key, text, kind = "note") => items.push({ key, sign: text, make: () => h("p", { class: kind, testid: kind }, text) });
    if (c.failed) {
      items.push({ key: "failed", sign: c.failed, make: () => h("p", { class: "note" }, `${c.failed} `,
        h("button", { type: "button", class: "plain", onclick: () => sync.load(c.id) }, "Try again")) });
    } else if (c.loading || c.low === null) {
      note("loading", "Loading messages…");
    } else if (c.low === 1) {
      note("start", rows.length || pending.length ? "This is the beginning." : "No messages yet. Say hello.");
    }
    let before = null;
    const seen = this.seenUpTo(c);
    for (const message of [...rows, ...pending]) {
      const at = message.sentAt ?? Date.now();
      if (!before || dayOf(before.at) !== dayOf(at)) note(`day ${dayOf(at)}`, dayName(at), "day");
      const divider = message.seq === this.firstUnread && message.sender !== sync.user.id;
      if (divider && message.seq <= c.lastSeq) note("new", "New", "new");
      const sender = message.sender ?? sync.user.id;
      const joined = Boolean(before && !divider && before.sender === sender && at - before.at < 300_000 && !message.replyTo);
      items.push(this.messageItem(c, message, { sender, at, joined, seen: message.seq === seen }));
      before = { at, sender };
    }
    const messages = () => [...box.querySelectorAll(".message")];
    const anchor = messages().find((each) => each.offsetTop + each.offsetHeight > box.scrollTop);
    const offset = anchor && anchor.offsetTop - box.scrollTop;
    reconcile(box, items);
    this.roving();
    const anchored = anchor && messages().find((each) => each.dataset.key === anchor.dataset.key);
    if (this.atBottom) this.toBottom();
    else if (anchored) box.scrollTop = anchored.offsetTop - offset;
    this.scrolled();
    if (this.looking() && rows.length) sync.read(c.id, rows.at(-1).seq);
  }

  looking() {
    return document.visibilityState === "visible" && this.atBottom && !$("chat").hidden;
  }

  /** In a direct conversation: the newest own message that the other one has read. */
  seenUpTo(c) {
    if (c.row?.kind !== "direct") return null;
    const upTo = c.markers.get(this.other(c)) ?? 0;
    let seen = null;
    for (const message of c.messages.values()) {
      if (message.sender === this.sync.user.id && message.seq <= upTo && message.seq > (seen ?? 0)) seen = message.seq;
    }
    return seen;
  }

  messageItem(c, message, { sender, at, joined, seen }) {
    const { user } = this.sync;
    const own = sender === user.id;
    const quoted = message.replyTo ? c.messages.get(message.replyTo) : null;
    const quote = message.replyTo && (quoted?.body ? `${this.people.get(quoted.sender).name}: ${this.plain(quoted.body)}` : "Earlier message");
    const sign = JSON.stringify([message, this.people.get(sender).name, quote, joined, seen, c.own.role, this.plain(message.body ?? "")]);
    return { key: own ? `nonce ${message.nonce}` : `seq ${message.seq}`, sign, make: () => {
      const state = message.state ?? "sent";
      return h("article", {
        class: `message${own ? " own" : ""}${joined ? " joined" : ""}`, testid: "message", tabindex: "-1",
        "data-seq": message.seq, "data-state": state, "data-nonce": message.nonce,
      },
      joined ? h("span", { class: "gutter" }) : avatar(sender, this.people.get(sender).name),
      h("div", { class: "content" },
        !joined && h("header", {}, h("strong", { dir: "auto" }, this.people.get(sender).name), h("time", {}, clock.format(at))),
        quote && h("blockquote", { dir: "auto" }, quote.slice(0, 160)),
        message.deleted ? h("p", { class: "gone", testid: "body" }, "Message deleted") : this.body(message),
        message.reactions?.length > 0 && this.reactions(c, message),
        this.status(message, state, seen)),
      !message.state && !message.deleted && this.actions(c, message, own));
    } };
  }

  status(message, state, seen) {
    if (state === "pending") return h("p", { class: "status", testid: "status" }, "Sending…");
    if (state !== "failed") return seen ? h("p", { class: "status", testid: "status" }, "Seen") : null;
    const button = (text, action) => h("button", { type: "button", class: "plain", onclick: () => this.sync[action](message.nonce) }, text);
    return h("p", { class: "status bad", testid: "status" }, `Not sent: ${message.error} `, button("Try again", "retry"), button("Discard", "discard"));
  }

  /** Text, mentions and links, as nodes. */
  body(message) {
    const parts = visible(message.body ?? "").split(/(<@(?:[0-9A-Z]{13}|all)>|https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/);
    const nodes = parts.map((part, index) => {
      if (index % 2 === 0) return part;
      if (part.startsWith("<@")) return h("span", { class: "mention" }, this.plain(part));
      return h("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part);
    });
    if (message.editedAt) nodes.push(h("small", { class: "edited", testid: "edited" }, " (edited)"));
    return h("p", { class: "body", testid: "body", dir: "auto" }, nodes);
  }

  reactions(c, message) {
    return h("p", { class: "reactions" }, message.reactions.map(({ emoji, count, users }) => {
      const mine = message.mine?.includes(emoji) ?? false;
      const names = users.slice(0, 10).map((user) => this.people.get(user).name).join(", ");
      return h("button", {
        type: "button", class: "reaction", testid: "reaction", "aria-pressed": String(mine), title: names,
        onclick: () => this.change(mine ? "unreact" : "react", c, message.seq, { emoji }),
      }, `${emoji} ${count}`);
    }));
  }

  actions(c, message, own) {
    const button = (text, label, action) => h("button", { type: "button", class: "plain", "aria-label": label, title: label, onclick: action }, text);
    const moderates = ["admin", "owner"].includes(c.own.role) && c.row?.kind !== "direct";
    const writes = c.own.role !== "reader";
    return h("div", { class: "actions", role: "group", "aria-label": "What to do with this message" },
      REACTIONS.map((emoji) => button(emoji, `React with ${emoji}`, () => {
        const mine = message.mine?.includes(emoji) && message.reactions?.some((each) => each.emoji === emoji);
        this.change(mine ? "unreact" : "react", c, message.seq, { emoji });
      })),
      writes && button("Reply", "Reply", () => this.setContext(null, message)),
      writes && own && button("Edit", "Edit", () => this.setContext(message, null)),
      (own ? writes : moderates) && button("Delete", "Delete", async () => {
        if (await this.confirm("Delete this message for everybody?", "Delete")) this.change("delete", c, message.seq, {});
      }));
  }

  async change(command, c, seq, fields) {
    try {
      await this.sync.change(command, c, seq, fields);
      return true;
    } catch (error) {
      const texts = { conflict: "It was changed meanwhile. Look at it again.", gone: "This message has been deleted.",
        disconnected: "There is no connection right now. Try again when it is back." };
      this.toast(texts[error.code] ?? error.message);
      return false;
    }
  }

  // -- Scrolling

  toBottom() {
    $("timeline").scrollTop = $("timeline").scrollHeight;
    this.atBottom = true;
  }

  scrolled() {
    const box = $("timeline");
    const c = this.sync.conversations.get(this.sync.open);
    if (!c || box.hidden) return;
    this.atBottom = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    $("jump").hidden = this.atBottom;
    if (box.scrollTop < 400 && c.low > 1 && !c.loading && !c.failed) this.sync.load(c.id);
  }

  /** One message is in the tab order; arrow keys move among them. */
  roving() {
    const messages = [...$("timeline").querySelectorAll(".message")];
    const current = messages.find((each) => each.contains(document.activeElement)) ?? messages.at(-1);
    for (const each of messages) each.tabIndex = each === current ? 0 : -1;
  }

  moveFocus(event) {
    const message = event.target.closest(".message");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!message || !step) return;
    const messages = [...$("timeline").querySelectorAll(".message")];
    messages[messages.indexOf(message) + step]?.focus();
    event.preventDefault();
    this.roving();
  }

  // -- Writing

  bindChat() {
    addEventListener("hashchange", () => this.route());
    addEventListener("online", () => this.sync.state === "waiting" && this.sync.connect());
    document.addEventListener("visibilitychange", () => {
      this.sync.setActive(!document.hidden);
      if (!document.hidden && this.sync.state === "waiting") this.sync.connect();
      this.drawing = false; // A frame asked for while visible does not come while hidden.
      this.draw();
    });
    $("banner-action").onclick = () => {
      if (this.sync.state === "stopped" && this.sync.closeCode !== 4010) location.reload();
      else this.sync.connect();
    };
    $("sign-out").onclick = () => this.signOut();
    $("back").onclick = () => this.go(null);
    $("jump").onclick = () => {
      this.toBottom();
      this.draw();
    };
    $("timeline").onscroll = () => {
      const before = this.atBottom;
      this.scrolled();
      if (this.atBottom !== before) this.draw();
    };
    $("timeline").onkeydown = (event) => this.moveFocus(event);
    $("timeline").onclick = (event) => { // Where there is no pointer to hover, a tap shows what can be done.
      const message = event.target.closest(".message");
      if (message && !event.target.closest("button, a")) message.focus({ preventScroll: true });
    };
    $("composer").onsubmit = (event) => {
      event.preventDefault();
      this.submitText();
    };
    $("text").oninput = () => {
      this.grow();
      if ($("text").value && this.sync.open && !this.editing) this.sync.typed(this.sync.open);
    };
    $("text").onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submitText();
      } else if (event.key === "Escape") {
        this.setContext(null, null);
      } else if (event.key === "ArrowUp" && !$("text").value) {
        this.editLast(event);
      }
    };
    $("context-cancel").onclick = () => this.setContext(null, null);
    new ResizeObserver(() => this.atBottom && this.toBottom()).observe($("timeline"));
  }

  editLast(event) {
    const c = this.sync.conversations.get(this.sync.open);
    const own = [...(c?.messages.values() ?? [])].filter((each) => each.sender === this.sync.user.id && !each.deleted);
    if (!own.length) return;
    event.preventDefault();
    this.setContext(own.reduce((last, each) => (each.seq > last.seq ? each : last)), null);
  }

  /** What the composer is about: an edit, a reply, or a message of its own. */
  setContext(editing, replying) {
    const text = $("text");
    if (editing && !this.editing) this.unsent = text.value;
    if (editing) text.value = editing.body;
    else if (this.editing) text.value = this.unsent;
    Object.assign(this, { editing, replying });
    $("context").hidden = !editing && !replying;
    if (replying) $("context-text").textContent = `Reply to ${this.people.get(replying.sender).name}: ${this.plain(replying.body).slice(0, 80)}`;
    if (editing) $("context-text").textContent = "Edit your message";
    $("send").textContent = editing ? "Save" : "Send";
    this.grow();
    if (editing || replying) text.focus();
  }

  async submitText() {
    const { editing, replying, sync } = this;
    const c = sync.conversations.get(sync.open);
    const body = ($("text").value.toWellFormed?.() ?? $("text").value).replaceAll("\0", "").trim();
    if (!c || !body) return;
    const limit = sync.limits?.bodyBytes ?? Infinity;
    if (bytes(body) > limit) return this.toast(`This is too long by ${bytes(body) - limit} bytes. Shorten it, or send it in parts.`);
    if (editing) {
      if (body !== editing.body && !(await this.change("edit", c, editing.seq, { body }))) return;
      return this.setContext(null, null);
    }
    $("text").value = "";
    this.drafts.delete(c.id);
    this.setContext(null, null);
    this.atBottom = true;
    sync.send(c.id, body, replying?.seq);
  }

  grow() {
    const text = $("text");
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 2, 200)}px`;
  }

  // -- Dialogs

  bindDialogs() {
    for (const button of document.querySelectorAll("[data-close]")) button.onclick = () => button.closest("dialog").close();
    $("new-button").onclick = () => this.openNew();
    $("people-tab").onclick = () => this.newTab("people");
    $("channels-tab").onclick = () => this.newTab("channels");
    const people = $("people").elements;
    people.query.oninput = () => this.later(() => this.findPeople());
    $("channel-query").oninput = () => this.later(() => this.findChannels());
    $("people").onsubmit = (event) => {
      event.preventDefault();
      const members = [...this.chosen.keys()].filter((id) => id !== this.sync.user.id);
      const kind = this.chosen.size === 1 ? "direct" : "group";
      const name = people.name.value.trim();
      this.create({ kind, members, ...(kind === "group" && name && { name }) }, "people-error");
    };
    $("channel-new").onsubmit = (event) => {
      event.preventDefault();
      const { name, topic, public: open } = event.target.elements;
      const fields = { kind: "channel", name: name.value.trim(), public: open.checked, members: [] };
      this.create({ ...fields, ...(topic.value.trim() && { topic: topic.value.trim() }) }, "channels-error");
    };
    $("info-button").onclick = () => this.openInfo();
    $("leave").onclick = () => this.leave();
  }

  later(action) {
    clearTimeout(this.laterTimer);
    this.laterTimer = setTimeout(action, 200);
  }

  openNew() {
    this.chosen = new Map();
    $("people").reset();
    $("channel-new").reset();
    $("channel-query").value = "";
    this.drawChosen();
    $("new").showModal();
    this.newTab("people");
  }

  newTab(name) {
    for (const each of ["people", "channels"]) {
      $(each).hidden = each !== name;
      $(`${each}-tab`).setAttribute("aria-selected", each === name);
    }
    for (const error of $("new").querySelectorAll(".error")) fail(error, null);
    $(name).querySelector("input").focus();
    if (name === "people") this.findPeople();
    else this.findChannels();
  }

  /** Fills a list of results; an answer that was overtaken by a later question is dropped. */
  async find(list, path, nothing, make) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const say = (text) => list.replaceChildren(h("li", { class: "quiet" }, text));
    if (!list.children.length) say("Searching…");
    try {
      const { items } = (await http("GET", path)).answer;
      if (turn !== this.turn) return;
      if (items.length) list.replaceChildren(...items.map(make));
      else say(nothing);
    } catch (error) {
      if (turn === this.turn) say(error.message);
    }
  }

  findPeople() {
    const query = $("people").elements.query.value.trim();
    const nobody = query ? "Nobody found. Check the spelling." : "Type a name or a handle.";
    this.find($("people-found"), `/users?limit=20&query=${encodeURIComponent(query)}`, nobody, (user) => {
      this.people.put(user);
      const box = h("input", { type: "checkbox", testid: "person", "data-handle": user.handle, onchange: () => {
        if (box.checked) this.chosen.set(user.id, user);
        else this.chosen.delete(user.id);
        this.drawChosen();
      } });
      box.checked = this.chosen.has(user.id);
      const you = user.id === this.sync.user.id ? " (you: notes to yourself)" : "";
      return h("li", {}, h("label", { class: "person" }, box, avatar(user.id, user.name),
        h("span", { class: "who" }, h("strong", { dir: "auto" }, user.name + you), h("small", {}, `@${user.handle}`))));
    });
  }

  drawChosen() {
    this.createNonce = newNonce(); // Other people, another conversation.
    const chosen = [...this.chosen.values()];
    $("chosen").hidden = chosen.length < 1;
    $("chosen").replaceChildren(...chosen.map((user) => h("li", {}, user.name, h("button", {
      type: "button", class: "plain", "aria-label": `Take ${user.name} off`, onclick: () => {
        this.chosen.delete(user.id);
        this.drawChosen();
        this.findPeople();
      } }, "×"))));
    $("group-name").hidden = chosen.length < 2;
    const start = $("people").querySelector(".primary");
    start.disabled = !chosen.length;
    start.textContent = chosen.length > 1 ? `Start a group of ${chosen.length + 1}` : "Start";
  }

  findChannels() {
    const query = $("channel-query").value.trim();
    this.find($("channels-found"), `/channels?limit=20&query=${encodeURIComponent(query)}`, "No public channels found.", (channel) => {
      const known = this.sync.conversations.has(channel.id);
      const join = () => this.begun("join", { conversation: channel.id }, "channels-error");
      const press = () => (known ? this.go(channel.id) : join());
      return h("li", { class: "person" }, avatar(channel.id, channel.name),
        h("span", { class: "who" }, h("strong", { dir: "auto" }, `# ${channel.name}`),
          h("small", { dir: "auto" }, `${channel.memberCount} members${channel.topic ? ` · ${channel.topic}` : ""}`)),
        h("button", { type: "button", testid: "channel-join", "data-name": channel.name, onclick: press }, known ? "Open" : "Join"));
    });
  }

  create(fields, error) {
    return this.begun("create", { ...fields, nonce: this.createNonce }, error);
  }

  async begun(command, fields, error) {
    const place = $("new").querySelector(`[data-testid=${error}]`);
    fail(place, null);
    try {
      const { conversation } = await this.sync.call(command, fields);
      this.createNonce = newNonce();
      if (!this.sync.conversations.has(conversation.id)) this.sync.want(conversation.id);
      this.go(conversation.id);
    } catch (problem) {
      fail(place, problem);
    }
  }

  go(id) {
    $("new").close();
    location.hash = id ?? "";
  }

  openInfo() {
    const c = this.sync.conversations.get(this.sync.open);
    const shared = c.row?.kind !== "direct";
    $("info-title").textContent = this.titleOf(c);
    $("info-topic").textContent = c.row?.topic ?? "";
    const members = [...c.members.values()].filter((member) => !member.leftAt);
    $("info-members").replaceChildren(...members.map(({ user, role }) => {
      const { name, handle } = this.people.get(user);
      return h("li", { class: "person" }, avatar(user, name), h("span", { class: "who" },
        h("strong", { dir: "auto" }, name), h("small", {}, shared ? `@${handle} · ${role}` : `@${handle}`)));
    }));
    $("leave").hidden = !shared;
    $("info").showModal();
  }

  async leave() {
    const id = this.sync.open;
    if (!(await this.confirm("Leave this conversation? You will no longer see its messages.", "Leave"))) return;
    try {
      await this.sync.call("leave", { conversation: id });
      $("info").close();
      this.go(null);
    } catch (error) {
      this.toast(error.message);
    }
  }

  async signOut() {
    const unsent = this.sync.outbox.some((entry) => entry.state !== "sent");
    const question = unsent ? "Sign out? Messages that are not sent yet will be lost." : "Sign out on this device?";
    if (!(await this.confirm(question, "Sign out"))) return;
    try {
      await http("DELETE", "/sessions/current");
    } catch (error) {
      if (error.status !== 401) return this.toast(error.message);
    }
    this.sync.stop();
    sessionStorage.clear();
    location.replace(location.pathname);
  }

  confirm(question, yes) {
    const dialog = $("confirm");
    $("confirm-text").textContent = question;
    $("confirm-yes").textContent = yes;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.onclose = () => resolve(dialog.returnValue === "yes");
    });
  }

  toast(text) {
    clearTimeout(this.toastTimer);
    $("toast").textContent = text;
    $("toast").hidden = false;
    this.toastTimer = setTimeout(() => ($("toast").hidden = true), 6000);
  }
}

if (typeof document !== "undefined" && $("chat")) window.page = new Page();
