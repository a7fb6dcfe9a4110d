//! Why a payment was declined: by whom, with which code, and who can act.
//!
//! Codes are an open set: one that is not in the table gets a sensible default.

mod codes;

use super::shape::{Charge, PayError};
use crate::words::Decline;
use codes::{CHECK_CARD, SENSES, UNKNOWN, UNKNOWN_BLOCK};
use prodview_guard::Foreign;

/// A decline, from a code and what is known around it.
#[derive(Default)]
struct Said<'a> {
    code: &'a str,
    advice: Option<&'a str>,
    network: Option<&'a str>,
    by: Option<&'static str>,
    blocked: bool,
}

fn explained(said: &Said<'_>) -> Decline {
    let known = SENSES.iter().find(|s| s.codes.contains(&said.code));
    let sense = known.unwrap_or(if said.blocked { &UNKNOWN_BLOCK } else { &UNKNOWN });
    // The bank's advice is about this very card: a «never again» outweighs what the code means in general.
    let may_retry = sense.may_retry && said.advice != Some("do_not_try_again");
    let action = match said.advice {
        Some("do_not_try_again") if sense.may_retry => {
            "The bank asks not to try this card again: ask the payer for another one."
        }
        Some("confirm_card_data") if sense.who == "bank" => CHECK_CARD,
        _ => sense.action,
    };
    Decline {
        code: Foreign::capped(said.code, 80),
        meaning: sense.meaning.to_owned(),
        who_can_act: sense.who.to_owned(),
        action: action.to_owned(),
        may_retry,
        declined_by: said.by.map(str::to_owned),
        network_code: said.network.map(|c| Foreign::capped(c, 20)),
    }
}

/// Why a failed charge failed. `error` is the payment's last error when it is about this charge.
pub(super) fn of_charge(charge: &Charge, error: Option<&PayError>) -> Option<Decline> {
    let outcome = charge.outcome.as_ref();
    let (kind, reason) = (outcome.and_then(|o| o.kind.as_deref()), outcome.and_then(|o| o.reason.as_deref()));
    let unsent = outcome.and_then(|o| o.network_status.as_deref()) == Some("not_sent_to_network");
    let invalid = kind == Some("invalid");
    let blocked = kind == Some("blocked") || (unsent && !invalid);
    if charge.status.as_deref() != Some("failed") && !blocked {
        return None;
    }
    let from_error = error.and_then(|e| e.decline_code.as_deref());
    let code = match () {
        () if blocked => reason.unwrap_or("blocked"),
        () => from_error
            .or(reason)
            .or(charge.failure_code.as_deref())
            .or(error.and_then(|e| e.code.as_deref()))
            .unwrap_or("unknown"),
    };
    let by = match (blocked, kind) {
        (true, _) if reason == Some("rule") => Some("rule"),
        (true, _) => Some("stripe_radar"),
        (false, Some("invalid")) => Some("invalid_request"),
        (false, Some("issuer_declined")) => Some("bank"),
        (false, _) => None,
    };
    let advice =
        outcome.and_then(|o| o.advice_code.as_deref()).or(error.and_then(|e| e.advice_code.as_deref()));
    let network = outcome
        .and_then(|o| o.network_decline_code.as_deref())
        .or(error.and_then(|e| e.network_decline_code.as_deref()));
    Some(explained(&Said { code, advice, network, by, blocked }))
}

/// Why an attempt failed that never became a charge: only the payment's last error tells of it.
pub(super) fn of_error(error: &PayError) -> Decline {
    let code = error.decline_code.as_deref().or(error.code.as_deref()).unwrap_or("unknown");
    // With a decline code somebody declined; without, Stripe turned the request down before anybody was asked.
    let by = match (error.decline_code.is_some(), error.kind.as_deref()) {
        (true, _) => Some("bank"),
        (false, Some("invalid_request_error")) if !code.contains("authentication") => Some("invalid_request"),
        (false, _) => None,
    };
    explained(&Said {
        code,
        advice: error.advice_code.as_deref(),
        network: error.network_decline_code.as_deref(),
        by,
        blocked: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const PUBLISHED: &str = "authentication_required, approve_with_id, call_issuer, card_not_supported, card_velocity_exceeded, \
        currency_not_supported, do_not_honor, do_not_try_again, duplicate_transaction, expired_card, fraudulent, \
        generic_decline, incorrect_address, incorrect_cvc, incorrect_number, incorrect_pin, incorrect_zip, insufficient_funds, \
        invalid_account, invalid_amount, invalid_cvc, invalid_expiry_month, invalid_expiry_year, invalid_number, invalid_pin, \
        issuer_not_available, lost_card, merchant_blacklist, mobile_device_authentication_required, \
        new_account_information_available, no_action_taken, not_permitted, offline_pin_required, \
        online_or_offline_pin_required, pickup_card, pin_try_exceeded, processing_error, reenter_transaction, \
        restricted_card, revocation_of_all_authorizations, revocation_of_authorization, security_violation, \
        service_not_allowed, stolen_card, stop_payment_order, testmode_decline, transaction_not_allowed, try_again_later, \
        withdrawal_count_limit_exceeded";

    fn of(charge: Value) -> Option<Decline> {
        of_charge(&serde_json::from_value(charge).unwrap(), None)
    }

    fn plain(code: &str) -> Decline {
        explained(&Said { code, ..Said::default() })
    }

    #[test]
    fn every_published_code_is_explained_once() {
        let unknown = plain("brand_new_code").meaning;
        for code in PUBLISHED.split(", ") {
            let hits = SENSES.iter().filter(|s| s.codes.contains(&code)).count();
            assert_eq!(hits, 1, "{code}");
            assert_ne!(plain(code).meaning, unknown, "{code}");
        }
        for sense in SENSES {
            assert!(["payer", "bank", "you", "provider", "nobody"].contains(&sense.who), "{}", sense.who);
        }
    }

    #[test]
    fn a_thief_learns_nothing() {
        for code in ["lost_card", "stolen_card", "pickup_card", "fraudulent", "merchant_blacklist"] {
            let decline = plain(code);
            assert!(decline.action.contains("only «generic decline»"), "{code}");
            assert!(!decline.may_retry, "{code}");
        }
    }

    #[test]
    fn hard_and_soft_declines_are_told_apart() {
        for code in [
            "expired_card",
            "restricted_card",
            "invalid_account",
            "do_not_try_again",
            "stop_payment_order",
            "revocation_of_authorization",
        ] {
            assert!(!plain(code).may_retry, "{code}");
        }
        for code in [
            "insufficient_funds",
            "do_not_honor",
            "generic_decline",
            "try_again_later",
            "issuer_not_available",
            "processing_error",
            "card_velocity_exceeded",
        ] {
            assert!(plain(code).may_retry, "{code}");
        }
        let advised =
            explained(&Said { code: "do_not_honor", advice: Some("do_not_try_again"), ..Said::default() });
        assert!(!advised.may_retry);
        assert!(advised.action.contains("not to try this card again"));
    }

    #[test]
    fn a_bank_declined_what_radar_did_not_block() {
        let bank = of(json!({"status": "failed", "failure_code": "card_declined", "outcome": {
            "network_status": "declined_by_network", "type": "issuer_declined", "reason": "insufficient_funds",
            "network_decline_code": "51", "rule": null}})).unwrap();
        assert_eq!((bank.code.as_str(), bank.declined_by.as_deref()), ("insufficient_funds", Some("bank")));
        assert_eq!(bank.network_code.unwrap().as_str(), "51");

        let radar = of(json!({"status": "failed", "failure_code": "card_declined", "outcome": {
            "network_status": "not_sent_to_network", "type": "blocked", "reason": "highest_risk_level"}}))
        .unwrap();
        assert_eq!(radar.declined_by.as_deref(), Some("stripe_radar"));
        assert!(radar.meaning.contains("bank never declined"));

        let rule = of(json!({"status": "failed", "outcome": {"type": "blocked", "network_status": "not_sent_to_network", "reason": "rule"}})).unwrap();
        assert_eq!((rule.declined_by.as_deref(), rule.who_can_act.as_str()), (Some("rule"), "you"));

        let newer = of(json!({"status": "failed", "outcome": {"type": "blocked", "network_status": "not_sent_to_network", "reason": "robot"}})).unwrap();
        assert!(newer.meaning.contains("bank never declined"));
    }

    #[test]
    fn what_succeeded_was_not_declined_and_odd_shapes_still_are() {
        assert_eq!(
            of(
                json!({"status": "succeeded", "outcome": {"type": "authorized", "network_status": "approved_by_network"}})
            ),
            None
        );
        assert_eq!(of(json!({"status": "failed", "outcome": null})).unwrap().code.as_str(), "unknown");
        let old = of(json!({"status": "failed", "failure_code": "expired_card"})).unwrap();
        assert_eq!(old.meaning, "The card has expired.");
    }

    #[test]
    fn three_d_secure_that_failed_left_no_charge() {
        let error: PayError = serde_json::from_value(
            json!({"type": "invalid_request_error", "code": "payment_intent_authentication_failure"}),
        )
        .unwrap();
        let decline = of_error(&error);
        assert!(decline.meaning.starts_with("3-D Secure failed"));
        assert_eq!((decline.who_can_act.as_str(), decline.declined_by), ("payer", None));
    }
}
