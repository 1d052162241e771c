// The shape of one run: how many of what, how large, how unkind. Drawn from the seed, so that runs differ.
import ChatCore
import ChatProtocol

struct SimSettings {
    var nodes: Int
    var loops: Int
    var writers: Int
    var people: Int
    var devicesPerPerson: Int
    /// How long people work and faults happen, in milliseconds.
    var workMs: Int64
    /// How long everything may take to settle when the last fault is over.
    var settleMs: Int64 = 20_000
    /// Between two things that a device does.
    var thinkMs: ClosedRange<Int64>
    var faults: Int
    var limits = Limits()
    var heartbeatMs: Int64 = 1_500
    var readCommitsEveryMs: Int64
    /// How many announcements to other nodes are lost, percent.
    var busLoss: Int
    var mergesBatches: Bool
    var latencyMs: ClosedRange<Int64>
    var storeMs: ClosedRange<Int64>

    init(_ random: inout SimRandom) {
        nodes = random.chance(35) ? 2 : 1
        loops = 1 + random.below(3)
        writers = 1 + random.below(2)
        people = 4 + random.below(2)
        devicesPerPerson = 1 + random.below(2)
        workMs = random.within(8_000...12_000)
        thinkMs = random.chance(30) ? 20...300 : 150...1_200
        faults = 3 + random.below(4)
        readCommitsEveryMs = random.chance(50) ? 1_000 : 100
        busLoss = random.pick([0, 30, 100]) ?? 0
        mergesBatches = random.chance(40)
        latencyMs = random.pick([0...3, 5...60, 1...300]) ?? 0...3
        storeMs = random.pick([0...2, 1...30]) ?? 0...2
        limits.outboundBytes = random.pick([2_000, 8_000]) ?? 8_000
        if random.chance(80) {
            limits.commandsPerSecond = 0
            limits.messagesPerSecond = 0
        } else {
            // Slow enough that everything is said in the end.
            limits.messagesPerSecond = 3
            limits.messageBurst = 4
            thinkMs = 300...1_500
        }
    }
}
