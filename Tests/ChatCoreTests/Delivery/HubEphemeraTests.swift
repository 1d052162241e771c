// Typing, markers and presence: only to those who look, never to those who are slow, never counted on.
import ChatCore
import ChatProtocol
import Testing

@Suite struct HubEphemeraTests {
    private var hub = Hub()

    @Test mutating func typingGoesToOthersWhoHaveTheConversationOnTheScreen() {
        let typist = hub.connect(Sample.opening(Sample.ann))
        let looking = hub.connect(Sample.opening(Sample.bob, session: 2))
        let elsewhere = hub.connect(Sample.opening(Sample.cat, session: 3, [Sample.room: 0, Sample.hall: 0]))
        for slot in [typist, looking] { hub.setOpened(slot, Sample.room) }
        hub.setOpened(elsewhere, Sample.hall)
        let event = Event.typing(conversation: Sample.room, user: Sample.ann)
        #expect(hub.typing(Sample.ann, in: Sample.room) == [.send(event, to: [looking])])

        hub.setActive(looking, false)
        #expect(hub.typing(Sample.ann, in: Sample.room).isEmpty, "a page in the background gets nothing")
        hub.setActive(looking, true)
        _ = hub.setCongested(looking, true)
        #expect(hub.typing(Sample.ann, in: Sample.room).isEmpty)
        #expect(hub.counts.droppedEphemera == 1)
        _ = hub.setCongested(looking, false)
        hub.setOpened(looking, nil)
        #expect(hub.typing(Sample.ann, in: Sample.room).isEmpty)
    }

    @Test(arguments: [(Int64(500), true), (501, false)])
    func typingIsOffInLargeConversations(_ memberCount: Int64, _ isOn: Bool) {
        var hub = Hub()
        let slot = hub.connect(Sample.opening(Sample.bob, memberCount: memberCount))
        hub.setOpened(slot, Sample.room)
        #expect(hub.typing(Sample.ann, in: Sample.room).isEmpty != isOn)
    }

    @Test(arguments: [(Int64(50), true), (51, false)])
    func markersAreToldInSmallConversations(_ memberCount: Int64, _ isTold: Bool) {
        var hub = Hub()
        let reader = hub.connect(Sample.opening(Sample.ann, memberCount: memberCount))
        let other = hub.connect(Sample.opening(Sample.bob, session: 2, memberCount: memberCount))
        let marker = Marker(conversation: Sample.room, user: Sample.ann, readSeq: 3)
        let actions = hub.receive(Commit(markers: [marker]), now: 0)
        let event = Event.read(conversation: Sample.room, user: Sample.ann, readSeq: 3)
        #expect(actions.events(for: other) == (isTold ? [event] : []))
        #expect(actions.events(for: reader).isEmpty, "one's own marker comes by the own log")
    }

    @Test mutating func markersAreDroppedForTheSlow() {
        let slow = hub.connect(Sample.opening(Sample.bob))
        _ = hub.setCongested(slow, true)
        let marker = Marker(conversation: Sample.room, user: Sample.ann, readSeq: 3)
        #expect(hub.receive(Commit(markers: [marker]), now: 0).isEmpty)
        #expect(hub.counts.droppedEphemera == 1)
    }

    @Test mutating func presenceIsForThoseWhoLookAndKeepUp() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        #expect(hub.mayTellPresence(slot))
        hub.setActive(slot, false)
        #expect(!hub.mayTellPresence(slot))
        hub.setActive(slot, true)
        _ = hub.setCongested(slot, true)
        #expect(!hub.mayTellPresence(slot))
        _ = hub.setCongested(slot, false)
        hub.disconnect(slot)
        #expect(!hub.mayTellPresence(slot))
    }

    @Test mutating func theSizeOfAConversationIsKnownToThoseWhoListen() {
        let slot = hub.connect(Sample.opening(Sample.ann, memberCount: 3))
        #expect(hub.memberCount(slot, Sample.room) == 3)
        #expect(hub.memberCount(slot, Sample.hall) == nil)
        _ = hub.hear(Sample.posted(1, memberCount: 4))
        #expect(hub.memberCount(slot, Sample.room) == 4)
    }
}
