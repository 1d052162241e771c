// The passwords that guessers try first, told by what they are made of: a well-known word (with the usual digits or
// signs behind it), a run of keys or letters, one thing repeated. So a few hundred words stand for many thousands.
import Foundation

/// Recognises the most common passwords.
package enum CommonPasswords {
    /// Whether a text is one of them, or made of one of the `own` words.
    package static func contains(_ text: String, own: [String] = []) -> Bool {
        let folded = fold(text)
        let own = own.filter { $0.count >= 3 }
        if words.contains(folded) || own.contains(where: { fold($0) == folded }) { return true }
        if isRepetition(folded) || isRun(folded) { return true }
        let core = core(of: text)
        guard !core.isEmpty else { return isPredictable(digits: folded) }
        // A long tail of digits or signs is a secret of its own.
        guard folded.unicodeScalars.count - core.unicodeScalars.count <= 5 else { return false }
        return words.contains(core) || own.contains { Self.core(of: $0) == core } || isRun(core) || isRepetition(core)
    }

    /// The word in a password: lower case, without the digits and signs at either end, common replacements undone.
    private static func core(of text: String) -> String {
        let ends = CharacterSet.decimalDigits.union(.punctuationCharacters).union(.symbols).union(.whitespaces)
        return fold(text.trimmingCharacters(in: ends)).unicodeScalars.reduce(into: "") { core, scalar in
            core.unicodeScalars.append(replacements[scalar] ?? scalar)
        }
    }

    private static func fold(_ text: String) -> String {
        text.precomposedStringWithCompatibilityMapping.lowercased()
    }

    private static let replacements: [Unicode.Scalar: Unicode.Scalar] = [
        "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i",
    ]

    /// "aaaaaaaa", "12121212", "abcabcabc", "passpass": a piece of up to half the length, repeated.
    private static func isRepetition(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count > 1 else { return false }
        guard scalars.count <= 24 else { return Set(scalars).count == 1 }
        return (1...max(1, min(6, scalars.count / 2))).contains { length in
            scalars.indices.allSatisfy { scalars[$0] == scalars[$0 % length] }
        }
    }

    /// "12345678", "hgfedcba", "qwertyui", "1q2w3e4r": neighbours on the keyboard or in the alphabet.
    private static func isRun(_ text: String) -> Bool {
        guard text.utf8.count >= 4 else { return false }
        let reversed = String(text.reversed())
        return runs.contains { $0.contains(text) || $0.contains(reversed) }
    }

    /// Digits alone: dates, or few different ones.
    private static func isPredictable(digits: String) -> Bool {
        guard digits.utf8.count <= 12, digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
            return false
        }
        if Set(digits.utf8).count <= 3 { return true }
        guard digits.utf8.count == 8, let number = Int(digits) else { return false }
        let isYearFirst = (1900...2050).contains(number / 10_000) && isDay(number / 100 % 100, number % 100)
        let isYearLast = (1900...2050).contains(number % 10_000) && isDay(number / 1_000_000, number / 10_000 % 100)
        return isYearFirst || isYearLast
    }

    private static func isDay(_ one: Int, _ other: Int) -> Bool {
        (1...12).contains(min(one, other)) && (1...31).contains(max(one, other))
    }

    private static let runs = [
        "01234567890123456789", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
        "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
        "qazwsxedcrfvtgbyhnujmikolp", "1qazxsw23edcvfr45tgbnhy67ujm", "zaq12wsxcde34rfvbgt5", "zaq1xsw2cde3vfr4",
        "!@#$%^&*()_+", "qweasdzxc", "qwe123asd456zxc789", "qwerasdfzxcv", "asdfjkl;asdfjkl;", "147258369", "159357",
        "789456123", "741852963", "aabbccddeeffgghhiijj", "11223344556677889900", "112233445566",
        "a1b2c3d4e5f6g7h8i9j0",
        "1a2b3c4d5e6f7g8h9i0j", "1234qwerasdfzxcv", "qwer1234asdf5678", "asdf1234", "abcd1234efgh5678", "abc123def456",
        "a1s2d3f4g5h6j7k8l9", "123qweasdzxc", "qwe123rty456", "1234567890-=", "13579246801357924680", "2468013579",
    ]

    private static let words: Set<String> = Set(wordList.split(whereSeparator: \.isWhitespace).map(String.init))

    /// Lower case, common replacements undone; digits and signs at the ends are taken off before looking here.
    private static let wordList = """
        aa abc abcd abcdef access account action admin administrator adobe airborne aircraft alejandro alexander
        alexandra amanda america american amore anaconda andrea andrew angel angela angelina angels anthony apple
        archangel archer arsenal asd asdf ashley august austin australia awesome azerty azertyuiop babygirl banana
        barcelona barney baseball basketball batman bayern beautiful benjamin bigdaddy bigdick birthday blackjack
        blahblah blink bluebird bonita bonnie boomer brandon brasil brittany broncos brooklyn bubbles buster butterfly
        butthead california cameron captain cariño carolina caroline catherine celtic challenge change changeit
        changeme
        charles charlie charlotte chat chatting cheese chelsea chester chicago chicken chocolate chouchou christian
        christin christina christine christopher claudia cocacola colorado columbia company computer contraseña cookie
        cooldude corinthians corvette courtney cowboys creative crystal cupcake dallas daniel daniela danielle database
        december default defender demo denver deutschland diamond dickhead dolphin dolphins doudou dragon dragonball
        drowssap eagles edc einstein elephant elizabeth eminem enterprise esmeralda estrella explorer facebook falcons
        fernando ferrari ficken fireball firebird firefire fishing flamengo flamingo flower flowers football forever
        formula france francesco francisco freedom friend friends froggy fuckface fuckme fuckoff fuckyou fussball
        gabriel gabriela galaxy garfield gateway general genesis geronimo ghost giants ginger goddess godzilla goldfish
        goodluck google gordon graduate gregory guest guitar hahahaha hallo hammer handsome hannah happy harley
        harrypotter haslo hawaiian heather hello hellohello hellokitty hockey homework horses hotmail hotstuff hunter
        icecream iceman iloveme iloveu iloveyou internet internetul inuyasha ironman isabella jackson jamaica james
        jasmine jason jeffrey jellybean jennifer jeremiah jessica jesus jesuschrist johnson jonathan jordan joseph
        joshua juliette junior justin juventus katherine kathleen kawasaki keyboard killer kimberly kitten kochanie
        krystal lakers lasvegas lawrence leonardo letme letmein liberty lifehack linkedin liverpool login logitech
        london looking loulou love lovelove lovely loveme lovers loveyou lozinka lucky macintosh maddog madison maggie
        magic manager manchester marathon margaret maria mariah marina marine marines mariposa marlboro marseille martin
        master matrix matrixx matthew maverick maximus mazda melissa mercedes merlin message messenger metallica mexico
        michael michel michelle mickey microsoft midnight minecraft misiek mitchell mohammed monica monkey monster
        montana morgan motdepasse motorola mountain mustang mypassword naruto natasha nathalie nathan nicholas nicole
        nintendo nirvana nothing nothingmore november nuggets october olivia oracle orlando packers panther panthers
        paradise parola parool pass passion passpass passw passwd password passwordpassword passwort passwortdaten
        patricia patrick peaches peanut pebbles penguin pepper phantom phoenix photoshop picasso pierre pineapple
        platinum playboy player please pokemon polska poohbear porsche portugal power prince princess private product
        public pussycat qaz qazwsx qwe qwerty qwertz rachel raiders rainbow ranger rangers rebecca redskins redsox
        remember richard robert roberto rockstar ronaldo rooster root rosebud runner rush russia salasana samantha
        samsung sandra santiago saturday scarface schalke schatz school scooby scooter scorpion sebastian secret
        security senha september service shadow shannon sharon sheffield shopping showtime sifre silver simpson simpsons
        skywalker slayer slipknot snickers snowball soccer softball soleil something sophie southern spartan special
        spencer spiderman spitfire sponge spongebob squirrel starcraft startrek starwars steelers stella stephanie
        steven stewart stratfor student success summer sunday sunflower sunshine superman superstar support swimming
        swordfish system talk taylor teacher teamo temp tennis tequiero teresa tesoro test teste tester testing testtest
        theman therock thomas thunder tigers tigger titanic tomcat tomorrow topsecret toyota training transfer treasure
        trinity trouble truelove trustno tucker tweety twilight undertaker unicorn united universal university upload
        user username valentin valentina valentine vampire vanessa vegeta veronica vibe vibetalk victor victoria vietnam
        viking vikings violet virginia volcano volleyball wachtwoord wallpaper warcraft warrior warriors webmaster
        welcome whatever william williams windows winner winston winter wizard wolverine wordpass wsx xxxxxx yamaha
        yankees yellow yourmom zaq zxc zxcvbn
        """
}
