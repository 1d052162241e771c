// The table of limits is the protocol's, and settings are checked against it.

import ChatProtocol
import Testing

@Suite struct LimitsTests {
    /// Section 6 of the protocol.
    static let defaults: [(String, Int64)] = [
        ("bodyBytes", 16_384), ("frameBytes", 65_536), ("requestBytes", 262_144), ("commandsPerSecond", 20),
        ("commandBurst", 60), ("messagesPerSecond", 5), ("messageBurst", 20), ("connectionsPerUser", 10),
        ("connectionsPerAddress", 100), ("handshakesPerSecondPerAddress", 20), ("handshakeBurst", 50),
        ("signInsPerMinutePerAddress", 10), ("signInBurst", 20), ("accountsPerHourPerAddress", 20),
        ("signInFailuresPerAccount", 5), ("mentionsPerMessage", 50), ("groupMembers", 1_000),
        ("channelMembers", 100_000), ("outboundBytes", 1_048_576), ("helloSeconds", 10),
        ("attachmentBytes", 26_214_400), ("attachmentsPerMessage", 10), ("nameCharacters", 64),
        ("topicCharacters", 256), ("nonceBytes", 64),
    ]

    @Test func namesAndDefaultsAreTheProtocols() {
        #expect(Limits.all.map(\.name) == Self.defaults.map(\.0))
        #expect(Limits.all.map(\.defaultValue) == Self.defaults.map(\.1))
        #expect(Limits().asDictionary == Dictionary(uniqueKeysWithValues: Self.defaults))
        #expect(Set(Limits.all.map { $0.keyPath as AnyKeyPath }).count == Self.defaults.count)
    }

    @Test(arguments: defaults.map(\.0)) func canBeSet(_ name: String) throws {
        var limits = Limits()
        try limits.set(name, to: 3)
        #expect(limits[name: name] == 3)
        #expect(limits.asDictionary.filter { $0.value != Limits()[name: $0.key] }.map(\.key) == [name])
        #expect(throws: WireError.self) { try limits.set(name, to: -1) }
        #expect(throws: WireError.self) { try limits.set(name, to: .min) }
        #expect(throws: WireError.self) { try limits.set(name, to: 1 << 53) }
        #expect(limits[name: name] == 3)
    }

    @Test(arguments: defaults.map(\.0)) func zeroSwitchesOffRatesAndCountsOnly(_ name: String) throws {
        let on: Set = [
            "bodyBytes", "frameBytes", "requestBytes", "outboundBytes", "helloSeconds", "attachmentBytes",
            "nameCharacters", "topicCharacters", "nonceBytes",
        ]
        var limits = Limits()
        if on.contains(name) {
            #expect(throws: WireError.self) { try limits.set(name, to: 0) }
            #expect(limits == Limits())
        } else {
            try limits.set(name, to: 0)
            #expect(limits[name: name] == 0)
        }
    }

    @Test(arguments: ["", "bodybytes", "BODYBYTES", "bodyBytes ", "nothing"]) func unknownNamesAreRefused(
        _ name: String
    ) {
        var limits = Limits()
        #expect(throws: WireError.self) { try limits.set(name, to: 1) }
        #expect(limits[name: name] == nil)
        #expect(limits == Limits())
    }

    @Test func aBodyFitsIntoAServerFrameWhateverIsInIt() throws {
        let most = try #require(Limit.named("bodyBytes")).maximum
        let worst = JSON.string(String(repeating: "\u{1}", count: Int(most))).encoded()
        #expect(worst.count + 65_536 < FixedLimits.serverFrameBytes)
    }

    @Test func pagesHaveADefaultAndAMaximum() {
        #expect(FixedLimits.pageSize(nil) == 50)
        #expect(FixedLimits.pageSize(1) == 1)
        #expect(FixedLimits.pageSize(200) == 200)
        #expect(FixedLimits.pageSize(.max) == 200)
        #expect(FixedLimits.pageSize(.min) == 1)
    }
}
