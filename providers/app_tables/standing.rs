//! How a row of the application's stands, by its status word: applications call the same things many names.

use super::reading::bare;

/// What a status word claims. Every word that is not known is [`Standing::Unknown`]: nothing may be concluded from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Paid, active, granted: the person has it.
    Good,
    /// Paid in part back.
    PartlyRefunded,
    /// A refund is on its way.
    Refunding,
    /// All of the money was given back, or taken back.
    Refunded,
    /// Not yet: pending, open.
    Waiting,
    /// Not paid up, and not over yet: past due, paused.
    Behind,
    /// Used as it was meant to be: a pass without sessions left.
    Used,
    /// Over or never begun: canceled, failed, expired.
    Over,
    /// A word that says nothing to prodview, or no word.
    Unknown,
}

const WORDS: [(Standing, &[&str]); 8] = [
    (
        Standing::Good,
        &[
            "paid",
            "succeeded",
            "success",
            "successful",
            "complete",
            "completed",
            "captured",
            "settled",
            "fulfilled",
            "active",
            "ok",
            "done",
            "confirmed",
            "processed",
            "approved",
            "live",
            "valid",
            "granted",
            "trialing",
            "trial",
            "enabled",
            "finished",
            "true",
            "current",
            "subscribed",
            "delivered",
            "shipped",
        ],
    ),
    (Standing::PartlyRefunded, &["partiallyrefunded", "partlyrefunded", "partialrefund"]),
    (
        Standing::Refunding,
        &["refunding", "refundpending", "refundrequested", "pendingrefund", "toberefunded"],
    ),
    (Standing::Refunded, &["refunded", "reversed", "chargeback", "chargedback", "moneyback"]),
    (
        Standing::Waiting,
        &[
            "pending",
            "processing",
            "open",
            "created",
            "new",
            "incomplete",
            "draft",
            "initiated",
            "started",
            "authorized",
            "authorised",
            "waiting",
            "requiresaction",
            "requirespaymentmethod",
            "requiresconfirmation",
            "requirescapture",
            "awaitingpayment",
            "inprogress",
            "queued",
        ],
    ),
    (
        Standing::Behind,
        &["pastdue", "overdue", "unpaid", "paused", "grace", "graceperiod", "disputed", "onhold"],
    ),
    (Standing::Used, &["used", "usedup", "consumed", "redeemed", "exhausted"]),
    (
        Standing::Over,
        &[
            "failed",
            "declined",
            "canceled",
            "cancelled",
            "expired",
            "void",
            "voided",
            "error",
            "abandoned",
            "rejected",
            "ended",
            "inactive",
            "revoked",
            "suspended",
            "disabled",
            "incompleteexpired",
            "terminated",
            "false",
            "deleted",
        ],
    ),
];

impl Standing {
    /// By the status word, however it is spelled.
    pub fn of(word: &str) -> Standing {
        let word = bare(word);
        WORDS
            .iter()
            .find(|(_, words)| words.contains(&word.as_str()))
            .map_or(Standing::Unknown, |(is, _)| *is)
    }

    /// Whether it claims that the money is here.
    pub fn claims_paid(self) -> bool {
        matches!(self, Standing::Good | Standing::PartlyRefunded | Standing::Used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_spelling_and_others_say_nothing() {
        for (word, is) in [
            ("paid", Standing::Good),
            ("PAST_DUE", Standing::Behind),
            ("partially-refunded", Standing::PartlyRefunded),
            ("Refunding", Standing::Refunding),
            ("requires_action", Standing::Waiting),
            ("cancelled", Standing::Over),
            ("used", Standing::Used),
            ("brand_new_word", Standing::Unknown),
            ("", Standing::Unknown),
        ] {
            assert_eq!(Standing::of(word), is, "{word}");
        }
    }
}
