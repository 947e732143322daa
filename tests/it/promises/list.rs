//! Words that promise what evidence cannot: the one list that every test of them reads.

/// By language (BCP 47): the forms that are meant, whole words in lower case.
pub const WORDS: [(&str, &[&str]); 3] = [
    (
        "en",
        &[
            "compliant",
            "certified",
            "certify",
            "certifies",
            "secure",
            "secured",
            "securely",
            "safe",
            "safely",
            "guaranteed",
            "guarantee",
            "guarantees",
            "harmless",
            "trustworthy",
        ],
    ),
    (
        "de",
        &[
            "konform",
            "konforme",
            "konformer",
            "konformes",
            "konformen",
            "zertifiziert",
            "zertifizierte",
            "zertifizierter",
            "zertifizierten",
            "sicher",
            "sichere",
            "sicherer",
            "sicheres",
            "sicheren",
            "sicherem",
            "garantiert",
            "garantierte",
            "garantieren",
            "gewährleistet",
            "unbedenklich",
            "unbedenkliche",
            "unbedenklichen",
            "harmlos",
        ],
    ),
    (
        "it",
        &[
            "conforme",
            "conformi",
            "certificato",
            "certificata",
            "certificati",
            "certificate",
            "sicuro",
            "sicura",
            "sicuri",
            "sicure",
            "garantito",
            "garantita",
            "garantiti",
            "garantite",
            "garantisce",
            "innocuo",
            "innocua",
        ],
    ),
];

/// The same as several words, in any language.
pub const PHRASES: [&str; 6] = [
    "no vulnerabilities",
    "free of vulnerabilities",
    "keine schwachstellen",
    "frei von schwachstellen",
    "nessuna vulnerabilità",
    "no malware",
];

/// What of them stands in a text of a language.
pub fn promised(text: &str, language: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words = WORDS.iter().find(|(of, _)| *of == language).expect("every language has some").1;
    let found = text.split(|c: char| !c.is_alphanumeric()).filter(|word| words.contains(word)).map(str::to_owned);
    found.chain(PHRASES.iter().filter(|phrase| text.contains(**phrase)).map(|phrase| (*phrase).to_owned())).collect()
}
