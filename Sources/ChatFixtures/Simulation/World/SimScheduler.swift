// Simulated time: work in the order of its time, and of its coming where times are equal. Nothing waits for real.

final class SimScheduler {
    private struct Entry {
        var time: Int64
        var number: UInt64
        var work: () -> Void
    }

    /// Milliseconds since the beginning of the world.
    private(set) var now: Int64 = 0
    private var number: UInt64 = 0
    /// A binary heap, the earliest first.
    private var heap: [Entry] = []

    func after(_ ms: Int64, _ work: @escaping () -> Void) {
        number += 1
        heap.append(Entry(time: now + max(0, ms), number: number, work: work))
        var index = heap.count - 1
        while index > 0, isEarlier(heap[index], heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Does everything that is due until a time; then it is that time.
    func run(until end: Int64) {
        while let first = heap.first, first.time <= end {
            removeFirst()
            now = first.time
            first.work()
        }
        now = max(now, end)
    }

    /// Forgets what is to come, and with it whatever it holds.
    func clear() { heap = [] }

    private func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && isEarlier(heap[child], heap[least])
            {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
        (left.time, left.number) < (right.time, right.number)
    }
}
