//! Secrets that are known by what they look like: a prefix and a stretch of characters.

mod pem;

use super::{Cut, at, begins_word, run, run_back, run_within};

/// What to look for where an anchor was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Prefixed(&'static Prefixed),
    ClientSecret,
    Convex,
    Jwt,
    Pem,
    Resend,
    SecretKey,
    Telegram,
    WebhookUrl(&'static str),
}

/// Every anchor of every shape. They are compared without case; the scanners look at the case.
pub(super) fn anchors() -> impl Iterator<Item = (&'static str, Shape)> {
    PREFIXED.iter().map(|row| (row.prefix, Shape::Prefixed(row))).chain([
        ("_secret_", Shape::ClientSecret),
        ("|", Shape::Convex),
        ("eyJ", Shape::Jwt),
        ("-----BEGIN ", Shape::Pem),
        ("re_", Shape::Resend),
        ("sk_live_", Shape::SecretKey),
        ("sk_test_", Shape::SecretKey),
        (":AA", Shape::Telegram),
        ("hooks.slack.com/", Shape::WebhookUrl("slack webhook")),
        ("discord.com/api/webhooks/", Shape::WebhookUrl("discord webhook")),
        ("discordapp.com/api/webhooks/", Shape::WebhookUrl("discord webhook")),
    ])
}

/// A key that begins with `prefix`, followed by `len` characters of an alphabet.
#[derive(Debug)]
pub(super) struct Prefixed {
    prefix: &'static str,
    alphabet: Alphabet,
    len: std::ops::RangeInclusive<usize>,
    label: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Alphabet {
    /// `A–Z a–z 0–9`
    Alnum,
    /// `A–Z 0–9`
    Caps,
    /// `0–9 a–f`
    Hex,
    /// … `_`
    Word,
    /// … `_ -`
    Dash,
    /// … `_ - .`
    Dotted,
    /// … `_ - + / =`
    Base64,
    /// … `. / + = : $ -`: the parts of a hash of a password
    Hash,
    /// … and `,`
    Argon,
    /// … `_ -`, of which some are digits and some are letters: for prefixes that words have too
    Mixed,
}

impl Alphabet {
    fn has(self, b: u8) -> bool {
        match self {
            Alphabet::Alnum => b.is_ascii_alphanumeric(),
            Alphabet::Caps => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Alphabet::Hex => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
            Alphabet::Word => b.is_ascii_alphanumeric() || b == b'_',
            Alphabet::Dash | Alphabet::Mixed => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Alphabet::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
            Alphabet::Hash => b.is_ascii_alphanumeric() || b"./+=:$-".contains(&b),
            Alphabet::Argon => Alphabet::Hash.has(b) || b == b',',
            Alphabet::Base64 => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'='),
        }
    }
}

const fn key(prefix: &'static str, alphabet: Alphabet, least: usize, label: &'static str) -> Prefixed {
    Prefixed { prefix, alphabet, len: least..=usize::MAX, label }
}

const fn exactly(prefix: &'static str, alphabet: Alphabet, len: usize, label: &'static str) -> Prefixed {
    Prefixed { prefix, alphabet, len: len..=len, label }
}

/// Prefixes as their makers publish them for secret scanning. Lengths are lower bounds, so that a key cut short
/// by someone else's log is still a key.
const PREFIXED: &[Prefixed] = &[
    key("rk_live_", Alphabet::Alnum, 8, "stripe key"),
    key("rk_test_", Alphabet::Alnum, 8, "stripe key"),
    key("sk_org_", Alphabet::Word, 8, "stripe key"),
    key("ek_live_", Alphabet::Word, 8, "stripe key"),
    key("ek_test_", Alphabet::Word, 8, "stripe key"),
    key("whsec_", Alphabet::Base64, 8, "webhook secret"),
    key("sntrys_", Alphabet::Base64, 12, "sentry token"),
    key("sntryu_", Alphabet::Base64, 12, "sentry token"),
    key("sntrya_", Alphabet::Base64, 12, "sentry token"),
    key("sntryr_", Alphabet::Base64, 12, "sentry token"),
    key("sntryi_", Alphabet::Base64, 12, "sentry token"),
    key("ak_live_", Alphabet::Alnum, 16, "clerk key"),
    // Vercel's changelog "New token formats and secret scanning".
    key("vcp_", Alphabet::Mixed, 20, "vercel token"),
    key("vci_", Alphabet::Mixed, 20, "vercel token"),
    key("vca_", Alphabet::Mixed, 20, "vercel token"),
    key("vcr_", Alphabet::Mixed, 20, "vercel token"),
    key("vck_", Alphabet::Mixed, 20, "vercel token"),
    key("sbp_", Alphabet::Word, 20, "supabase token"),
    key("sb_secret_", Alphabet::Dash, 10, "supabase key"),
    // Sanity writes its tokens without a separator.
    key("sk", Alphabet::Alnum, 70, "sanity token"),
    exactly("AKIA", Alphabet::Caps, 16, "aws key"),
    exactly("ASIA", Alphabet::Caps, 16, "aws key"),
    key("ghp_", Alphabet::Alnum, 20, "github token"),
    key("gho_", Alphabet::Alnum, 20, "github token"),
    key("ghu_", Alphabet::Alnum, 20, "github token"),
    key("ghs_", Alphabet::Dotted, 20, "github token"),
    key("ghr_", Alphabet::Alnum, 20, "github token"),
    key("github_pat_", Alphabet::Word, 20, "github token"),
    key("glpat-", Alphabet::Dotted, 16, "gitlab token"),
    key("gldt-", Alphabet::Dash, 16, "gitlab token"),
    key("glrt-", Alphabet::Dash, 16, "gitlab token"),
    key("xoxa-", Alphabet::Dash, 10, "slack token"),
    key("xoxb-", Alphabet::Dash, 10, "slack token"),
    key("xoxc-", Alphabet::Dash, 10, "slack token"),
    key("xoxd-", Alphabet::Base64, 10, "slack token"),
    key("xoxe-", Alphabet::Dash, 10, "slack token"),
    key("xoxe.xox", Alphabet::Dash, 10, "slack token"),
    key("xoxo-", Alphabet::Dash, 10, "slack token"),
    key("xoxp-", Alphabet::Dash, 10, "slack token"),
    key("xoxr-", Alphabet::Dash, 10, "slack token"),
    key("xoxs-", Alphabet::Dash, 10, "slack token"),
    key("xapp-", Alphabet::Dash, 10, "slack token"),
    key("xwfp-", Alphabet::Dash, 10, "slack token"),
    key("sk-ant-", Alphabet::Dash, 16, "anthropic key"),
    key("sk-proj-", Alphabet::Mixed, 16, "openai key"),
    key("sk-svcacct-", Alphabet::Mixed, 16, "openai key"),
    key("sk-admin-", Alphabet::Mixed, 16, "openai key"),
    key("sk-or-v1-", Alphabet::Mixed, 16, "openrouter key"),
    key("sk-", Alphabet::Mixed, 20, "openai key"),
    key("AIza", Alphabet::Dash, 30, "google key"),
    key("ya29.", Alphabet::Dotted, 20, "google token"),
    key("1//0", Alphabet::Mixed, 30, "google token"),
    key("GOCSPX-", Alphabet::Dash, 16, "google secret"),
    key("SG.", Alphabet::Dotted, 40, "sendgrid key"),
    exactly("SK", Alphabet::Hex, 32, "twilio key"),
    key("npm_", Alphabet::Alnum, 30, "npm token"),
    key("pypi-AgE", Alphabet::Dash, 16, "pypi token"),
    exactly("u+", Alphabet::Mixed, 18, "pagerduty key"),
    key("hf_", Alphabet::Alnum, 30, "hugging face token"),
    key("gsk_", Alphabet::Alnum, 30, "groq key"),
    key("xai-", Alphabet::Alnum, 40, "xai key"),
    key("pplx-", Alphabet::Alnum, 30, "perplexity key"),
    key("r8_", Alphabet::Alnum, 30, "replicate token"),
    key("shpat_", Alphabet::Hex, 20, "shopify token"),
    key("shpss_", Alphabet::Hex, 20, "shopify secret"),
    key("dop_v1_", Alphabet::Hex, 30, "digitalocean token"),
    key("cfut_", Alphabet::Word, 30, "cloudflare token"),
    key("cfat_", Alphabet::Word, 30, "cloudflare token"),
    key("cfk_", Alphabet::Word, 30, "cloudflare token"),
    key("hvs.", Alphabet::Dash, 20, "vault token"),
    key("dp.pt.", Alphabet::Alnum, 20, "doppler token"),
    key("lin_api_", Alphabet::Alnum, 20, "linear key"),
    key("ntn_", Alphabet::Alnum, 30, "notion token"),
    key("phx_", Alphabet::Alnum, 20, "posthog key"),
    key("nfp_", Alphabet::Alnum, 20, "netlify token"),
    key("napi_", Alphabet::Alnum, 40, "neon key"),
    key("pscale_tkn_", Alphabet::Dash, 16, "planetscale token"),
    key("pscale_pw_", Alphabet::Dash, 16, "planetscale password"),
    key("ATATT3", Alphabet::Base64, 40, "atlassian token"),
    key("tskey-", Alphabet::Dash, 16, "tailscale key"),
    key("AGE-SECRET-KEY-1", Alphabet::Caps, 40, "age key"),
    // What applications and PostgreSQL keep of a password: enough to try passwords on.
    key("$2a$", Alphabet::Hash, 40, "password hash"),
    key("$2b$", Alphabet::Hash, 40, "password hash"),
    key("$2y$", Alphabet::Hash, 40, "password hash"),
    key("$argon2", Alphabet::Argon, 40, "password hash"),
    key("$scrypt$", Alphabet::Argon, 30, "password hash"),
    key("$pbkdf2", Alphabet::Argon, 30, "password hash"),
    key("SCRAM-SHA-256$", Alphabet::Hash, 40, "password hash"),
];

/// What is cut at an anchor that stands at `start..end`, if it is what it seems.
pub(super) fn look(text: &[u8], start: usize, end: usize, shape: Shape) -> Option<Cut> {
    match shape {
        Shape::Prefixed(row) => prefixed(text, start, row),
        Shape::ClientSecret => client_secret(text, start, end),
        Shape::Convex => convex(text, start),
        Shape::Jwt => jwt(text, start),
        Shape::Pem => pem::find(text, start, end),
        Shape::Resend => resend(text, start, end),
        Shape::SecretKey => secret_key(text, start, end),
        Shape::Telegram => telegram(text, start),
        Shape::WebhookUrl(label) => {
            let path = run(text, end, |b| Alphabet::Word.has(b)) + 1;
            let from = if label == "slack webhook" { path } else { end };
            let to = run(text, from, |b| Alphabet::Dash.has(b) || b == b'/');
            (to >= from + 16).then(|| Cut::shape(from, to, label))
        }
    }
}

fn prefixed(text: &[u8], start: usize, row: &Prefixed) -> Option<Cut> {
    if !begins_word(text, start) || !text.get(start..)?.starts_with(row.prefix.as_bytes()) {
        return None;
    }
    let from = start + row.prefix.len();
    if matches!(row.alphabet, Alphabet::Mixed) {
        let probe = run_within(text, from, 96, |b| row.alphabet.has(b));
        if !random(text.get(from..probe)?) {
            return None;
        }
    }
    let end = run(text, from, |b| row.alphabet.has(b));
    row.len.contains(&(end - from)).then(|| Cut::shape(start, end, row.label))
}

/// Whether a text is drawn rather than written: digits and letters, and one stretch too long and too mixed for a word.
pub(super) fn random(body: &[u8]) -> bool {
    body.split(|b| !b.is_ascii_alphanumeric()).any(|part| {
        part.len() >= 8 && part.iter().any(u8::is_ascii_digit) && part.iter().any(u8::is_ascii_alphabetic)
    })
}

/// Stripe and Clerk share these prefixes; Clerk's are longer and do not begin with an account.
fn secret_key(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    if !begins_word(text, start) || !text.get(start..)?.starts_with(b"sk_") {
        return None;
    }
    let to = run(text, end, |b| b.is_ascii_alphanumeric());
    let clerk = (40..=50).contains(&(to - end)) && !text.get(end..)?.starts_with(b"51");
    (to >= end + 8).then(|| Cut::shape(start, to, if clerk { "clerk key" } else { "stripe key" }))
}

/// `pi_…_secret_…`: whoever has it can act for the customer. The id before it stays.
fn client_secret(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    let id = run_back(text, start, 128, |b| Alphabet::Word.has(b));
    let prefix = run(text, id, |b| b.is_ascii_lowercase());
    let is_id = at(text, prefix) == b'_' && (2..=6).contains(&(prefix - id)) && start > prefix + 6;
    let to = run(text, end, |b| b.is_ascii_alphanumeric());
    (is_id && to >= end + 8).then(|| Cut::shape(end, to, "client secret"))
}

/// `prod:happy-otter-123|…`, `preview:team:project|…`, or a bare `happy-otter-123|…`. The name stays.
fn convex(text: &[u8], bar: usize) -> Option<Cut> {
    let to = run(text, bar + 1, |b| Alphabet::Base64.has(b));
    if to < bar + 1 + 20 {
        return None;
    }
    let start = run_back(text, bar, 128, |b| Alphabet::Dash.has(b) || b == b':');
    let name = text.get(start..bar)?;
    let typed = [&b"prod:"[..], b"dev:", b"preview:", b"project:", b"local:", b"custom:", b"team:"]
        .iter()
        .any(|kind| name.starts_with(kind) && name.len() > kind.len());
    let mut words = name.rsplit(|&b| b == b'-');
    let numbered = words.next().is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit));
    let two_words = words.filter(|w| w.len() > 1 && w.iter().all(u8::is_ascii_lowercase)).count() == 2;
    (typed || numbered && two_words).then(|| Cut::shape(bar + 1, to, "convex deploy key"))
}

/// `eyJ….eyJ…` with or without a signature, and the five parts of an encrypted one. A lone `eyJ…` is a cursor.
fn jwt(text: &[u8], start: usize) -> Option<Cut> {
    let part = |from| run(text, from, |b| Alphabet::Dash.has(b));
    let in_word = start > 0 && Alphabet::Dash.has(at(text, start - 1));
    if in_word || !text.get(start..)?.starts_with(b"eyJ") {
        return None;
    }
    let mut ends = [part(start); 5];
    let mut parts = 1;
    while let Some(&[before, ..]) = ends.get(parts - 1..)
        && let Some(end) = ends.get_mut(parts)
        && at(text, before) == b'.'
    {
        *end = part(before + 1);
        parts += 1;
    }
    let [first, second, third, _, fifth] = ends;
    let signed = first >= start + 8 && second > first + 8 && text.get(first + 1..)?.starts_with(b"eyJ");
    match parts {
        5 if fifth > start + 40 => Some(Cut::shape(start, fifth, "jwt")),
        // A full stop behind it belongs to the sentence.
        3.. if signed && third > second + 1 => Some(Cut::shape(start, third, "jwt")),
        2.. if signed => Some(Cut::shape(start, second, "jwt")),
        _ => None,
    }
}

/// `re_8chars_…`. A Stripe refund is `re_…` too, without a second underscore.
fn resend(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    let first = run(text, end, |b| b.is_ascii_alphanumeric());
    let to = run(text, first + 1, |b| b.is_ascii_alphanumeric());
    let is = begins_word(text, start) && text.get(start..)?.starts_with(b"re_");
    let long = first >= end + 8 && at(text, first) == b'_' && to >= first + 1 + 16;
    (is && long && random(text.get(first..to)?)).then(|| Cut::shape(start, to, "resend key"))
}

/// `123456789:AA…`, 35 characters in all.
fn telegram(text: &[u8], colon: usize) -> Option<Cut> {
    let start = run_back(text, colon, 12, |b| b.is_ascii_digit());
    let to = run(text, colon + 1, |b| Alphabet::Dash.has(b));
    let is = (8..=10).contains(&(colon - start)) && to == colon + 1 + 35 && at(text, colon + 1) == b'A';
    is.then(|| Cut::shape(start, to, "telegram token"))
}
