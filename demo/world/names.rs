//! The names that people, releases and deployments are drawn from.

pub(super) const FIRST: &[&str] = &[
    "Mira", "Jonas", "Elif", "Tomás", "Ingrid", "Kofi", "Hana", "Luca", "Priya", "Oskar", "Amara", "Henrik",
    "Soraya", "Matteo", "Yuki", "Celeste", "Bram", "Noor", "Ewa", "Diego", "Freya", "Anselm", "Leonie",
    "Rafael", "Thandi", "Viktor", "Malin", "Idris", "Clara", "Pavel", "Josefine", "Emeka", "Sanna", "Hugo",
    "Beatriz", "Arjun", "Linnea", "Marek", "Odile", "Selim",
];

pub(super) const LAST: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "Demir",
    "Ferreira",
    "Haugen",
    "Mensah",
    "Nováková",
    "Bianchi",
    "Raman",
    "Wójcik",
    "Diallo",
    "Sørensen",
    "Haddad",
    "Conti",
    "Tanaka",
    "Marchand",
    "de Vries",
    "Rahimi",
    "Kowalska",
    "Vega",
    "Bergström",
    "Huber",
    "Brandt",
    "Almeida",
    "Dlamini",
    "Petrov",
    "Nyström",
    "Farah",
    "Weiss",
    "Horák",
    "Lehmann",
    "Eze",
    "Virtanen",
    "Girard",
    "Costa",
    "Mehta",
    "Dahl",
    "Zieliński",
    "Laurent",
    "Aydın",
];

/// Names and addresses that are hard to carry: precomposed letters, right-to-left script, a `+` in the address.
pub(super) const UNUSUAL: &[(&str, &str)] = &[
    ("Zoë Ærø-Łęcka", "zoe.aeroe-lecka"),
    ("ليلى حدّاد", "layla.haddad"),
    ("Ruth O’Brien", "ruth+wrenhouse"),
    ("山口 さくら", "sakura.yamaguchi"),
];

/// Where people have their mail: all under `.example`, which nobody can own (RFC 2606).
pub(super) const MAIL: &[&str] = &["mailbox.example", "posteo.example", "fastpost.example", "inbox.example"];

/// Where people pay from, in which currency, more often the nearer.
pub(super) const PLACES: &[(&str, &str)] = &[
    ("DE", "eur"),
    ("DE", "eur"),
    ("DE", "eur"),
    ("AT", "eur"),
    ("NL", "eur"),
    ("FR", "eur"),
    ("GB", "gbp"),
    ("US", "usd"),
];

pub(super) const ADJECTIVES: &[&str] = &["brisk", "calm", "mellow", "quiet", "sunny", "nimble", "gentle"];

pub(super) const BIRDS: &[&str] = &["heron", "wren", "plover", "swift", "dunlin", "siskin", "avocet"];

pub(super) const BRANDS: &[(&str, &str)] =
    &[("visa", "US"), ("visa", "DE"), ("mastercard", "DE"), ("mastercard", "FR"), ("amex", "US")];

/// A name written without its marks, for an address.
pub(super) fn plain(name: &str) -> String {
    let plain = |letter: char| match letter {
        'á' | 'à' | 'ã' | 'â' => "a",
        'å' => "aa",
        'ä' => "ae",
        'é' | 'è' | 'ë' => "e",
        'ó' | 'õ' => "o",
        'ö' | 'ø' => "oe",
        'ń' => "n",
        'ı' => "i",
        'ç' => "c",
        ' ' => "-",
        _ => "",
    };
    let letters = name.to_lowercase();
    let letters = letters.chars().map(|letter| match letter {
        'a'..='z' | '-' => letter.to_string(),
        'ą' => "a".into(),
        'ý' => "y".into(),
        'ř' => "r".into(),
        'í' => "i".into(),
        other => plain(other).to_owned(),
    });
    letters.collect()
}
