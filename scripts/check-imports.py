#!/usr/bin/env python3
"""Checks the rules that keep the tree in order; prints every breach, and fails if there is one.

1. Imports: each target imports, and depends in Package.swift, only on what RULES allows. Who adds a target adds its row.
2. try!, try?, fatalError, @unchecked Sendable and nonisolated(unsafe) in Sources have a comment next to them.
3. No Swift, Python or shell file is longer than 500 lines.
4. No tracked file names a folder of somebody's machine.

usage: check-imports.py              check this repository
       check-imports.py --self-test  show that each rule can fail
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES = 500

FOUNDATION = {"Foundation", "FoundationEssentials"}
# Part of the language's own distribution; every target but ChatProtocol may use these.
STANDARD = FOUNDATION | {"Synchronization"}
# The system's own libraries: no package gives them.
SYSTEM = {"Dispatch", "Glibc", "Musl", "Darwin"}
NIO = {"NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket"}

# What each target of Sources may import, besides STANDARD. The order is that of the dependencies: inward first.
RULES = {
    "ChatProtocol": set(),
    "ChatCore": {"ChatProtocol", "Logging", "Metrics", "DequeModule"},
    "CArgon2": set(),
    "ChatSecurity": {"ChatCore", "CArgon2", "Crypto"} | SYSTEM,
    "ChatSQLite": {"ChatCore", "ChatProtocol", "GRDB", "Logging"} | SYSTEM,
    "ChatGateway": {"ChatCore", "ChatProtocol", "Logging", "Metrics", "DequeModule"} | NIO,
    "ChatHTTP": {
        "ChatCore", "ChatProtocol", "Hummingbird", "HTTPTypes", "NIOCore", "CoreMetrics", "Metrics", "Logging",
    },
    "ChatServer": {
        "ChatCore", "ChatProtocol", "ChatSQLite", "ChatSecurity", "ChatGateway", "ChatHTTP", "Hummingbird",
        "HummingbirdCore", "HTTPTypes", "NIOHTTPTypesHTTP1", "Configuration", "ServiceLifecycle", "UnixSignals", "Logging",
        "Metrics",
        "CoreMetrics", "NIOHTTPTypes",
    } | NIO | SYSTEM,
    "ChatClient": {"ChatProtocol", "Logging", "DequeModule"} | NIO,
    "ChatFixtures": {
        "ChatCore", "ChatProtocol", "ChatGateway", "ChatServer", "ChatClient", "ChatSQLite", "ChatSecurity", "Logging",
        "DequeModule",
    } | NIO,
    "ChatTesting": {"ChatFixtures", "ChatCore", "ChatProtocol", "Testing"},
    "ChatLoad": {"ChatClient", "ChatProtocol"},
    "vibetalk": {"ChatServer", "ChatLoad", "ArgumentParser"} | SYSTEM,
}
# ChatProtocol is what independent clients link: it gets nothing but Foundation.
STANDARD_OF = {"ChatProtocol": FOUNDATION}
# A test target may import what it declares, and Testing; it must be named here.
TEST_TARGETS = {
    "ChatProtocolTests", "ChatCoreTests", "ChatGatewayTests", "ChatClientTests", "BackendContractTests",
    "SimulationTests", "ChatServerTests",
}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|typealias|func|let|var|actor)\s+)?(\w+)"
)
NEEDS_COMMENT = re.compile(r"\btry!|\btry\?|\bfatalError\s*\(|@unchecked\s+Sendable|\bnonisolated\(unsafe\)")
# In brackets, so that this very line does not name one.
MACHINE_PATH = re.compile(r"(?:^|[^A-Za-z0-9._~-])/(?:r[o]ot|h[o]me|o[p]t|w[o]rk|m[n]t|U[s]ers)/")
TEXT = {".swift", ".py", ".js", ".css", ".html", ".md", ".json", ".yml", ".yaml", ".txt", ".sh", ".h", ".modulemap", ".svg", ""}


def imports_of(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(number, found[1]) for number, line in enumerate(lines, 1) if (found := IMPORT.match(line))]


def declared(target):
    """The modules that Package.swift gives a target."""
    names = set()
    for dependency in target["dependencies"]:
        kind = next(iter(dependency))
        names.add(dependency[kind][0])
    return names


def check_targets(root, package):
    for target in package["targets"]:
        name, test = target["name"], target["type"] == "test"
        if name not in (TEST_TARGETS if test else RULES):
            yield f"Package.swift: the target {name} has no row in scripts/check-imports.py; add one with what it may import"
            continue
        given = declared(target)
        allowed = given | SYSTEM | {"Testing"} if test else RULES[name]
        for module in sorted(given - allowed):
            yield f"Package.swift: {name} may not depend on {module}"
        standard = STANDARD_OF.get(name, STANDARD)
        folder = root / (target.get("path") or f"{'Tests' if test else 'Sources'}/{name}")
        for path in sorted(folder.rglob("*.swift")):
            for number, module in imports_of(path):
                where = f"{path.relative_to(root)}:{number}"
                if module not in allowed | standard:
                    yield f"{where}: {name} may not import {module}"
                elif module not in given | standard | SYSTEM | {"Testing"}:
                    yield f"{where}: {name} imports {module}, which Package.swift does not give it"


def code_of(line):
    """The line without its strings and its comment."""
    return re.sub(r"//.*", "", re.sub(r'"(?:\\.|[^"\\])*"', '""', line))


def check_comments(root, paths):
    for path in paths:
        if path.parts[0] != "Sources" or path.suffix != ".swift":
            continue
        lines = (root / path).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            found = NEEDS_COMMENT.search(code_of(line))
            near = lines[max(0, number - 2):number + 2]
            if found and not any("//" in re.sub(r'"(?:\\.|[^"\\])*"', '""', each) for each in near):
                yield f"{path}:{number + 1}: {found[0]} needs a comment next to it that says why it is right"


def check_lengths(root, paths):
    for path in paths:
        if path.suffix not in {".swift", ".py", ".sh"} and path.parts[0] not in {"scripts", ".ci"}:
            continue
        count = len((root / path).read_text(encoding="utf-8").splitlines())
        if count > MAX_LINES:
            yield f"{path}: {count} lines; split it, {MAX_LINES} is the limit"


def check_paths(root, paths):
    for path in paths:
        if path.suffix not in TEXT:
            continue
        for number, line in enumerate((root / path).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if found := MACHINE_PATH.search(line):
                yield f"{path}:{number}: names a folder of one machine: {found[0].strip()}"


def problems(root, package, paths):
    yield from check_targets(root, package)
    for check in (check_comments, check_lengths, check_paths):
        yield from check(root, paths)


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def tracked():
    """Files that git knows or would add, as far as they exist."""
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [pathlib.Path(name) for name in sorted(set(names)) if name and (ROOT / name).is_file()]


def self_test():
    """A small repository in order, then one breach at a time: each must be found, and nothing else."""
    def dependency(name):
        return {"byName": [name, None]}

    targets = [
        {"name": "ChatProtocol", "type": "regular", "dependencies": []},
        {"name": "ChatCore", "type": "regular", "dependencies": [dependency("ChatProtocol")]},
        {"name": "ChatClient", "type": "regular", "dependencies": [dependency("ChatProtocol")]},
        {"name": "ChatCoreTests", "type": "test", "dependencies": [dependency("ChatCore")]},
    ]
    order = {
        "Sources/ChatProtocol/A.swift": "import Foundation\n",
        "Sources/ChatCore/A.swift": "package import ChatProtocol\nimport Synchronization\n// Cannot fail: a constant.\nlet a = try! f()\n",
        "Sources/ChatClient/A.swift": 'import struct ChatProtocol.Message\nlet text = "try! //"\n',
        "Tests/ChatCoreTests/A.swift": "@testable import ChatCore\nimport Testing\nlet a = try! f()\n",
        "README.md": "See https://example.org/home/ and ./work/x.\n",
    }
    core, machine = "Sources/ChatCore/B.swift", "/" + "home" + "/me/x"
    extra = {"name": "ChatExtra", "type": "regular", "dependencies": []}
    wide = {"name": "ChatClient", "type": "regular", "dependencies": [dependency("ChatProtocol"), dependency("ChatCore")]}
    breaches = [
        ("ChatCore may not import GRDB", {core: "import GRDB\n"}, []),
        ("ChatCore may not import NIOCore", {core: "@preconcurrency package import struct NIOCore.ByteBuffer\n"}, []),
        ("ChatCore may not import CArgon2", {core: "  import CArgon2\n"}, []),
        ("ChatCore imports Logging, which Package.swift does not give it", {core: "import Logging\n"}, []),
        ("ChatProtocol may not import Synchronization", {"Sources/ChatProtocol/B.swift": "import Synchronization\n"}, []),
        ("ChatCore may not import Testing", {core: "import Testing\n"}, []),
        ("ChatCoreTests may not import ChatClient", {"Tests/ChatCoreTests/B.swift": "import ChatClient\n"}, []),
        ("ChatExtra has no row", {}, [extra]),
        ("ExtraTests has no row", {}, [{"name": "ExtraTests", "type": "test", "dependencies": []}]),
        ("ChatClient may not depend on ChatCore", {}, [wide]),
        ("try! needs a comment", {core: "let a = try! f()\n"}, []),
        ("try? needs a comment", {core: "let a = try? f()\n"}, []),
        ("fatalError( needs a comment", {core: 'fatalError("https://x")\n'}, []),
        ("@unchecked Sendable needs a comment", {core: "final class A: @unchecked Sendable {}\n"}, []),
        ("nonisolated(unsafe) needs a comment", {core: "nonisolated(unsafe) var a = 1\n"}, []),
        ("501 lines", {core: "\n" * 501}, []),
        ("501 lines", {"scripts/long": "\n" * 501}, []),
        ("names a folder of one machine", {"docs/a.md": f"Look in {machine}.\n"}, []),
        ("names a folder of one machine", {core: f'let a = "{machine}"\n'}, []),
    ]
    failures = []
    for expected, files, changed in [(None, {}, []), *breaches]:
        replaced = {target["name"] for target in changed}
        package = {"targets": [each for each in targets if each["name"] not in replaced] + changed}
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in (order | files).items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            found = list(problems(root, package, [pathlib.Path(name) for name in order | files]))
        right = not found if expected is None else len(found) == 1 and expected in found[0]
        if not right:
            failures.append(f"expected {expected or 'nothing'}, found {found}")
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"self-test: {len(breaches) + 1 - len(failures)} of {len(breaches) + 1} passed")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__)
        return 2
    found = list(problems(ROOT, json.loads(run("swift", "package", "dump-package")), tracked()))
    for problem in found:
        print(problem)
    print(f"{len(found)} breaches of the rules of the tree" if found else "the tree is in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
