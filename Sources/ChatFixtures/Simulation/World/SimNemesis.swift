// What goes wrong, and when: drawn from the seed, one fault at a time or several at once, all over at the end.
import ChatProtocol

final class SimNemesis {
    private enum Fault: CaseIterable {
        case crash, pause, cutOne, cutAll, stall, flood, storm, storeAway, storeSlow, loseAnswers, losePublished,
            clockBack, restart
    }

    private unowned let world: SimWorld
    private let workload: SimWorkload
    private var random: SimRandom
    private var isOver = false

    init(_ world: SimWorld, _ workload: SimWorkload, _ random: SimRandom) {
        self.world = world
        self.workload = workload
        self.random = random
    }

    func begin() {
        let rooms = world.quietRooms
        for index in 0..<world.settings.faults {
            let start = random.within(1_500...max(1_501, world.settings.workMs - 1_500))
            let fault = index == 0 ? .storm : random.pick(Fault.allCases) ?? .cutOne
            world.scheduler.after(start) { [self] in
                guard !isOver else { return }
                let length = strike(fault)
                // One message in the middle of the fault, where nothing else will ever show that it is missing.
                guard index < rooms.count else { return }
                world.scheduler.after(length / 2) { self.workload.sendQuietly(in: rooms[index]) }
            }
        }
    }

    /// Everything is well again.
    func heal() {
        isOver = true
        for node in world.nodes {
            node.resume()
            node.start()
        }
        world.store.weather = SimStore.Weather(clockOffset: world.store.weather.clockOffset)
        world.weather = SimWorld.Weather()
        for device in world.devices { device.link?.flow() }
    }

    /// Does something bad. - Returns: how long it lasts.
    private func strike(_ fault: Fault) -> Int64 {
        world.trace.note(world.scheduler.now, 4, [], "!! \(fault)")
        switch fault {
        case .crash, .pause, .cutOne, .cutAll, .stall, .flood, .restart: return strikeProcess(fault)
        case .storm:
            // Everybody comes back at once, and reading takes its time.
            world.store.weather.slowMs = random.within(200...1_500)
            for device in world.devices { device.link?.cut() }
            return until(3_000) { $0.store.weather.slowMs = 0 }
        case .storeAway:
            world.history.faults.outages += 1
            world.store.weather.isAway = true
            return until(random.within(300...3_000)) { $0.store.weather.isAway = false }
        case .storeSlow:
            world.store.weather.slowMs = random.within(50...1_500)
            return until(random.within(500...3_000)) { $0.store.weather.slowMs = 0 }
        case .loseAnswers:
            world.store.weather.lost = 40
            return until(random.within(500...3_000)) { $0.store.weather.lost = 0 }
        case .losePublished:
            world.weather.losesPublished = true
            return until(random.within(300...2_000)) { $0.weather.losesPublished = false }
        case .clockBack:
            world.history.faults.clockJumps += 1
            world.store.weather.clockOffset -= random.within(1_000...21_600_000)
            return 500
        }
    }

    private func strikeProcess(_ fault: Fault) -> Int64 {
        switch fault {
        case .crash:
            guard let node = random.pick(world.nodes), node.isUp else { return 0 }
            world.history.faults.crashes += 1
            node.crash()
            return until(random.within(100...2_000)) { _ in node.start() }
        case .pause:
            guard let node = random.pick(world.nodes), node.isUp else { return 0 }
            world.history.faults.pauses += 1
            node.pause()
            return until(random.chance(10) ? 60_000 : random.within(500...8_000)) { _ in node.resume() }
        case .cutAll:
            for device in world.devices { device.link?.cut() }
            return 500
        case .stall:
            guard let device = random.pick(world.devices) else { return 0 }
            world.history.faults.stalls += 1
            device.link?.stall()
            let link = device.link
            return until(random.within(500...4_000)) { _ in link?.flow() }
        case .flood:
            // Somebody takes nothing while everybody writes.
            guard let device = random.pick(world.devices) else { return 0 }
            world.history.faults.stalls += 1
            device.link?.stall()
            for other in world.devices where other !== device { workload.send(other, count: 6) }
            let link = device.link
            return until(random.within(1_500...3_000)) { _ in link?.flow() }
        case .restart:
            random.pick(world.devices)?.restart()
            return 500
        default:
            random.pick(world.devices)?.link?.cut()
            return 500
        }
    }

    private func until(_ length: Int64, _ end: @escaping (SimWorld) -> Void) -> Int64 {
        world.scheduler.after(length) { [world] in end(world) }
        return min(length, 5_000)
    }
}
