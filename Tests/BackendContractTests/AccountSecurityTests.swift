// Argon2id, its threads, randomness and keyed fingerprints: against published values, and under pressure.
import ChatCore
import ChatProtocol
import ChatSecurity
import Synchronization
import Testing

@Suite struct Argon2Tests {
    private let cheap = Argon2(Argon2.Parameters(memoryKiB: 64, iterations: 1, parallelism: 1))

    @Test func theStandardIsTheOneOfTheText() throws {
        let argon2 = Argon2()
        let phc = try argon2.hash(Array("correct horse".utf8), salt: Array(repeating: 7, count: 16))
        #expect(phc.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"))
        #expect(!argon2.needsRehash(phc))
        #expect(try argon2.verify(Array("correct horse".utf8), against: phc))
        #expect(try !argon2.verify(Array("correct horsf".utf8), against: phc))
    }

    @Test func agreesWithTheReferenceImplementation() throws {
        // From the test suite of phc-winner-argon2 (test.c, Argon2id, version 0x13).
        let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
        #expect(try cheap.verify(Array("password".utf8), against: phc))
        #expect(try !cheap.verify(Array("Password".utf8), against: phc))
        #expect(cheap.needsRehash(phc))
    }

    @Test func everyByteCounts() throws {
        var password = Array(repeating: UInt8(ascii: "x"), count: 512)
        let phc = try cheap.hash(password, salt: Array(repeating: 1, count: 16))
        password[511] = UInt8(ascii: "y")
        #expect(try !cheap.verify(password, against: phc))
        #expect(try !cheap.verify([], against: phc))
        let withNull = try cheap.hash([1, 0, 2], salt: Array(repeating: 1, count: 16))
        #expect(try !cheap.verify([1, 0, 3], against: withNull))
    }

    @Test(arguments: [
        "", "$", "plain", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "$argon2id$v=19$m=64,t=1,p=1",
        "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=99999999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=4000000000,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAA",
    ])
    func whatIsNoHashMatchesNothing(_ phc: String) throws {
        #expect(try !cheap.verify([], against: phc))
        #expect(cheap.needsRehash(phc))
    }

    @Test func theDummyIsChecked() throws {
        #expect(Argon2.parameters(of: cheap.dummy) == cheap.parameters)
        #expect(try !cheap.verify([], against: cheap.dummy))
    }
}

@Suite struct PasswordHasherTests {
    @Test func hashesWithAFreshSaltEachTime() async throws {
        let hasher = PasswordHasher.argon2(.init(memoryKiB: 64, iterations: 1, parallelism: 1), threads: 2)
        let first = try await hasher.hash([1, 2, 3])
        let second = try await hasher.hash([1, 2, 3])
        #expect(first != second)
        #expect(try await hasher.verify([1, 2, 3], first))
        #expect(try await hasher.verify([1, 2, 3], second))
        #expect(try await !hasher.verify([1, 2, 4], first))
    }

    @Test func refusesBeyondTheQueue() async throws {
        let hasher = PasswordHasher.argon2(.init(memoryKiB: 8_192, iterations: 4, parallelism: 1), threads: 1, queue: 2)
        let results = await withTaskGroup(of: Result<String, ChatError>.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    do throws(ChatError) { return .success(try await hasher.hash([1])) } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = results.compactMap { if case .failure(let error) = $0 { error } else { nil } }
        #expect(refused.allSatisfy { $0.code == .unavailable && $0.retryAfterMs != nil })
        #expect(!refused.isEmpty)
        // The first, and the two that waited for it, at least.
        #expect(results.count - refused.count >= 3)
        // Afterwards there is room again.
        _ = try await hasher.hash([1])
    }

    @Test func threadsRunAtMostAsManyAsGiven() async {
        let pool = WorkerThreads(name: "test", count: 2, queue: 100)
        let running = Running()
        let done = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    await pool.run { () -> Int in
                        running.begin()
                        defer { running.end() }
                        return number
                    }
                }
            }
            return await group.reduce(into: Set<Int>()) { if let number = $1 { $0.insert(number) } }
        }
        #expect(done == Set(0..<50))
        #expect(running.most <= 2)
    }
}

private final class Running: Sendable {
    private let counts = Mutex((now: 0, most: 0))
    func begin() {
        counts.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }
    func end() { counts.withLock { $0.now -= 1 } }
    var most: Int { counts.withLock { $0.most } }
}

@Suite struct SecurityPrimitiveTests {
    @Test func randomBytesHaveTheLengthAndDiffer() {
        for count in [0, 1, 7, 8, 9, 16, 32, 100] { #expect(SecureRandom.bytes(count).count == count) }
        #expect(Set((0..<1_000).map { _ in SecureRandom.bytes(16) }).count == 1_000)
    }

    @Test func digestsAndCodesAreTheStandardOnes() {
        let hexadecimal = { (bytes: [UInt8]) in
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let environment = Environment.system()
        #expect(
            hexadecimal(environment.digest(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        // RFC 4231, test case 2.
        #expect(
            hexadecimal(
                Authenticator.code(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
            )
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
    }

    @Test func theMonotonicClockNeverRunsBackwards() {
        let environment = Environment.system()
        let times = (0..<1_000).map { _ in environment.monotonic() }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(environment.now() > 1_735_689_600_000)
    }
}
