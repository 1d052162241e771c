// The use cases of chat, for every face of the server: form and limits are checked here, rights in the stores'
// transactions, and what was committed is published here.
package import ChatProtocol

/// What people can do with conversations and messages.
package struct Chat: Sendable {
    package let stores: Stores
    package let limits: Limits
    package let environment: Environment
    package let writers: Writers
    package let rates: RateLimiter
    /// Tells those who deliver.
    package let publish: @Sendable (Commit) -> Void

    package init(
        stores: Stores,
        limits: Limits,
        environment: Environment,
        writers: Writers,
        rates: RateLimiter,
        publish: @escaping @Sendable (Commit) -> Void
    ) {
        self.stores = stores
        self.limits = limits
        self.environment = environment
        self.writers = writers
        self.rates = rates
        self.publish = publish
    }

    /// Publishes what a transaction changed and hands on its value.
    func published<Value>(_ changed: Changed<Value>) -> Value {
        if !changed.commit.isEmpty { publish(changed.commit) }
        return changed.value
    }

    /// The number of rows to answer: absent is the default, above the maximum is the maximum, below 1 is `invalid`.
    package static func limit(_ asked: Int64?) throws(ChatError) -> Int {
        guard let asked else { return FixedLimits.pageDefault }
        guard asked >= 1 else { throw .invalid("limit: give a number from 1 to \(FixedLimits.pageMaximum).") }
        return Int(min(asked, Int64(FixedLimits.pageMaximum)))
    }
}
