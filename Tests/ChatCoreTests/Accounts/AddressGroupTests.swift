// Which addresses share a limit.
import ChatCore
import Testing

@Suite struct AddressGroupTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:0201", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8::1", "2001:db8:0:0::/64"), ("::1", "0:0:0:0::/64"), ("::", "0:0:0:0::/64"),
        ("fe80::1%eth0", "fe80:0:0:0::/64"), ("1::2:3:4:5:6:7", "1:0:2:3::/64"),
    ])
    func groups(_ address: String, _ expected: String) {
        #expect(AddressGroup.of(address) == expected)
    }

    @Test(arguments: [
        "", ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "::1::", "12345::", "g::", "::1.2.3", "::1.2.3.256", "unix",
    ])
    func whatIsNoAddressStandsForItself(_ text: String) {
        #expect(AddressGroup.of(text) == text)
    }
}
