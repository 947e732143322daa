//! Who publishes or wrote something, or accounts for a document: a name, and the addresses that are declared with it.

use super::links::is_link;

/// Most addresses of one sort.
const MOST: usize = 16;
/// What stands around an address.
const BRACKETS: &[char] = &['<', '>', '(', ')', '[', ']', ',', ';', '"'];

/// Who it is, as far as that is said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// The name without the addresses; an address where nothing else is said.
    pub name: String,
    /// Mailboxes.
    pub emails: Vec<String>,
    /// Web pages.
    pub pages: Vec<String>,
}

impl Who {
    /// `Name <address>`, `Name (address)`, an address alone, or only a name; and addresses that are declared beside that.
    pub fn read(text: &str, contacts: &[String]) -> Option<Self> {
        let (mut who, mut rest) = (Self { name: String::new(), emails: vec![], pages: vec![] }, String::new());
        let ends = |c: char| c.is_whitespace() || BRACKETS.contains(&c);
        for piece in text.split_inclusive(ends) {
            let word = piece.trim_end_matches(ends);
            let is_address = who.take(word.strip_prefix("mailto:").unwrap_or(word));
            rest.push_str(if is_address { &piece[word.len()..] } else { piece });
        }
        for contact in contacts {
            who.take(contact);
        }
        let name = rest.replace(['<', '>', '(', ')', '"'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        name.trim_matches([',', ';', ' ']).clone_into(&mut who.name);
        if who.name.is_empty() {
            who.name.clone_from(who.emails.first().or(who.pages.first())?);
        }
        Some(who)
    }

    /// Whether a word is an address.
    fn take(&mut self, word: &str) -> bool {
        let list = match () {
            () if is_email(word) => &mut self.emails,
            () if is_page(word) => &mut self.pages,
            () => return false,
        };
        if list.len() < MOST && !list.iter().any(|known| known == word) {
            list.push(word.to_owned());
        }
        true
    }
}

/// Whether a word is the address of a mailbox, in the plain form that people write.
fn is_email(word: &str) -> bool {
    let local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && name.bytes().all(local) && host.contains('.') && host.split('.').all(label) && word.len() <= 254
    })
}

fn is_page(word: &str) -> bool {
    (word.starts_with("https://") || word.starts_with("http://")) && is_link(word)
}

#[cfg(test)]
mod tests {
    use super::Who;

    #[test]
    fn addresses_are_told_from_names() {
        let (none, both): (&[&str], &[&str]) = (&[], &["a@b.example", "c@b.example"]);
        for (text, name, emails, pages) in [
            ("Acme (boms@example.org)", "Acme", &["boms@example.org"][..], none),
            ("Kim, Joe <joe.kim+x@mail.example.org>", "Kim, Joe", &["joe.kim+x@mail.example.org"], none),
            ("\"Kim, Joe\" <mailto:j@example.org> (https://example.org/~j)", "Kim, Joe", &["j@example.org"], &["https://example.org/~j"]),
            ("a@b.example", "a@b.example", &["a@b.example"], none),
            ("A <a@b.example>, C <c@b.example>", "A , C", both, none),
            ("Acme", "Acme", none, none),
            ("Acme @ Work", "Acme @ Work", none, none),
            (
                "Acme (we@localhost, ftp://example.org, a@b@example.org)",
                "Acme we@localhost, ftp://example.org, a@b@example.org",
                none,
                none,
            ),
            ("https://example.org/<x>", "x", none, &["https://example.org/"]),
        ] {
            let who = Who::read(text, &[]).unwrap();
            assert_eq!(
                (&*who.name, &who.emails[..], &who.pages[..]),
                (
                    name,
                    &emails.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..],
                    &pages.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..]
                ),
                "{text}"
            );
        }
        for nobody in ["", " ", "<>", "( , )"] {
            assert_eq!(Who::read(nobody, &[]), None, "{nobody}");
        }
    }

    #[test]
    fn addresses_that_are_declared_beside_a_name_are_kept() {
        let declared = ["a@b.example", "https://b.example/", "no address", "a@b.example"].map(str::to_owned);
        let who = Who::read("Acme", &declared).unwrap();
        assert_eq!((&*who.name, &who.emails[..], &who.pages[..]), ("Acme", &declared[..1], &declared[1..2]));
        assert_eq!(Who::read("", &declared[1..3]).unwrap().name, "https://b.example/");
        let many: Vec<String> = (0..100).map(|n| format!("{n}@b.example")).collect();
        assert_eq!(Who::read("Acme", &many).unwrap().emails.len(), 16);
    }
}
