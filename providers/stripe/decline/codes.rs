//! Every decline code Stripe publishes, in our words.
//!
//! Source: <https://docs.stripe.com/declines/codes> and <https://docs.stripe.com/error-codes>, read 2026-11.

/// What a code means to those concerned.
pub(super) struct Sense {
    pub codes: &'static [&'static str],
    pub meaning: &'static str,
    pub who: &'static str,
    pub action: &'static str,
    pub may_retry: bool,
}

const fn sense(
    codes: &'static [&'static str],
    meaning: &'static str,
    who: &'static str,
    action: &'static str,
) -> Sense {
    Sense { codes, meaning, who, action, may_retry: false }
}

/// The same, for what may pass when tried again with the same card.
const fn soft(
    codes: &'static [&'static str],
    meaning: &'static str,
    who: &'static str,
    action: &'static str,
) -> Sense {
    Sense { codes, meaning, who, action, may_retry: true }
}

const HUSH: &str =
    "Tell the payer only «generic decline» and ask for another card: the true reason would warn a thief.";
const OTHER_CARD: &str = "Ask the payer for another card or method.";
const CALL_BANK: &str = "Ask the payer to call the bank that issued the card, or to use another card.";
const LATER: &str = "Try again later; if it goes on, the payer asks the bank or uses another card.";
pub(super) const CHECK_CARD: &str = "Ask the payer to enter the card's data again.";

/// Every code, once.
pub(super) const SENSES: &[Sense] = &[
    soft(
        &["insufficient_funds"],
        "The account or credit line does not hold enough money.",
        "payer",
        "Ask the payer to add money or to use another card; a later retry may pass.",
    ),
    soft(
        &["authentication_required"],
        "The bank wants the payer to authenticate (3-D Secure), and that was not done in this attempt.",
        "payer",
        "Bring the payer back to pay on session, so that 3-D Secure can be shown; an off-session retry will be declined again.",
    ),
    soft(
        &["payment_intent_authentication_failure", "setup_intent_authentication_failure"],
        "3-D Secure failed: the payer did not pass the bank's check, or left it. The bank was not asked for the money.",
        "payer",
        "Ask the payer to try again and finish the bank's check, or to use another card.",
    ),
    soft(
        &["mobile_device_authentication_required"],
        "The wallet's card needs to be confirmed on the payer's own device.",
        "payer",
        "Ask the payer to confirm on the device that holds the card.",
    ),
    soft(
        &["approve_with_id", "issuer_not_available", "try_again_later", "reenter_transaction"],
        "The bank could not decide just now.",
        "bank",
        LATER,
    ),
    soft(&["processing_error"], "An error occurred while the card was processed.", "provider", LATER),
    soft(
        &[
            "card_velocity_exceeded",
            "withdrawal_count_limit_exceeded",
            "charge_exceeds_source_limit",
            "charge_exceeds_transaction_limit",
            "charge_exceeds_weekly_limit",
        ],
        "The card's limit of amount or number of payments is used up.",
        "payer",
        "Ask the payer to wait, to raise the limit at the bank, or to use another card.",
    ),
    soft(
        &["do_not_honor", "generic_decline", "card_declined", "call_issuer", "no_action_taken"],
        "The bank declined and does not say why.",
        "bank",
        CALL_BANK,
    ),
    sense(
        &[
            "do_not_try_again",
            "transaction_not_allowed",
            "not_permitted",
            "service_not_allowed",
            "security_violation",
            "restricted_card",
        ],
        "The bank does not allow this payment with this card.",
        "bank",
        CALL_BANK,
    ),
    sense(
        &[
            "invalid_account",
            "account_closed",
            "no_account",
            "bank_account_restricted",
            "bank_account_unusable",
            "new_account_information_available",
        ],
        "The card or account is closed, replaced or not connected to an open account.",
        "payer",
        OTHER_CARD,
    ),
    sense(&["card_not_supported"], "The card does not support this kind of purchase.", "payer", OTHER_CARD),
    sense(
        &["currency_not_supported"],
        "The card does not support this currency.",
        "payer",
        "Ask the payer for a card that can pay in this currency.",
    ),
    sense(
        &["expired_card"],
        "The card has expired.",
        "payer",
        "Ask the payer for a card that is still valid.",
    ),
    soft(&["incorrect_number", "invalid_number"], "The card number is wrong.", "payer", CHECK_CARD),
    soft(&["incorrect_cvc", "invalid_cvc"], "The security code (CVC) is wrong.", "payer", CHECK_CARD),
    soft(&["invalid_expiry_month", "invalid_expiry_year"], "The expiry date is wrong.", "payer", CHECK_CARD),
    soft(
        &["incorrect_zip", "incorrect_address"],
        "The address or postal code is not the one the bank knows.",
        "payer",
        "Ask the payer to enter the billing address as the bank has it.",
    ),
    soft(
        &["incorrect_pin", "invalid_pin", "offline_pin_required", "online_or_offline_pin_required"],
        "A PIN is needed, or the one entered is wrong.",
        "payer",
        "Ask the payer to insert the card and enter the PIN.",
    ),
    sense(&["pin_try_exceeded"], "The PIN was entered wrongly too often.", "payer", OTHER_CARD),
    sense(&["lost_card"], "The bank says that the card was reported lost.", "nobody", HUSH),
    sense(&["stolen_card"], "The bank says that the card was reported stolen.", "nobody", HUSH),
    sense(&["pickup_card"], "The bank wants the card withdrawn: it may be lost or stolen.", "nobody", HUSH),
    sense(
        &["fraudulent"],
        "Stripe suspects fraud.",
        "you",
        "Tell the payer only «generic decline». If you know the payer, look at the payment under Radar in the dashboard.",
    ),
    sense(
        &["merchant_blacklist"],
        "The card is on your own Radar block list.",
        "you",
        "Tell the payer only «generic decline». If the block is a mistake, take the card off the list in Radar.",
    ),
    sense(
        &["revocation_of_all_authorizations", "revocation_of_authorization", "stop_payment_order"],
        "The payer told the bank to stop payments like this one.",
        "payer",
        "Do not charge this card again; ask the payer whether the subscription should end, or for another card.",
    ),
    sense(
        &["duplicate_transaction"],
        "A payment of the same amount with the same card was made just before.",
        "you",
        "Look whether the payer has already paid before trying again.",
    ),
    sense(
        &["invalid_amount", "amount_too_small", "amount_too_large"],
        "The amount is not valid or above what the card allows.",
        "you",
        "Check the amount that the app asks for; if it is right, the payer asks the bank.",
    ),
    sense(&["testmode_decline"], "A test card number was used.", "payer", "Use a real card in live mode."),
    sense(
        &["debit_not_authorized"],
        "The payer told the bank that this direct debit was not agreed to.",
        "payer",
        "Clear it up with the payer before any new attempt.",
    ),
    soft(
        &["payment_method_customer_decline"],
        "The payer declined or left the payment at the provider's page.",
        "payer",
        "Ask the payer to try again or to use another method.",
    ),
    soft(
        &[
            "payment_method_provider_decline",
            "payment_method_provider_timeout",
            "payment_method_not_available",
        ],
        "The provider behind the payment method declined or did not answer.",
        "provider",
        LATER,
    ),
    soft(
        &["payment_intent_payment_attempt_expired"],
        "The payer did not finish in the time the payment method gives.",
        "payer",
        "Ask the payer to start again.",
    ),
    soft(
        &["payment_intent_payment_attempt_failed"],
        "The attempt failed without a closer reason.",
        "payer",
        OTHER_CARD,
    ),
    soft(
        &["highest_risk_level"],
        "Stripe Radar blocked it because of its high risk; the bank never declined it, it was not asked.",
        "you",
        "Tell the payer only «generic decline». If you know the payer, look at the payment under Radar in the dashboard.",
    ),
    soft(
        &["elevated_risk_level"],
        "Stripe Radar blocked it because of its raised risk; the bank never declined it, it was not asked.",
        "you",
        "Look at your Radar settings and, if you know the payer, let them try again.",
    ),
    soft(
        &["low_probability_of_authorization"],
        "Stripe did not send it, because the bank would almost surely have declined; the bank was not asked.",
        "payer",
        OTHER_CARD,
    ),
    soft(
        &["rule"],
        "One of your own Radar rules blocked it; the bank never declined it, it was not asked.",
        "you",
        "Look at the rule in the dashboard under Radar: it may be too strict.",
    ),
    soft(
        &["blocked"],
        "Stripe blocked it before the bank; the bank never declined it.",
        "you",
        "Look at the payment under Radar in the dashboard.",
    ),
];

/// A code that is not in the table.
pub(super) const UNKNOWN: Sense =
    soft(&[], "It was declined with a code that prodview does not know.", "bank", CALL_BANK);
/// A block for a reason that is not in the table.
pub(super) const UNKNOWN_BLOCK: Sense = soft(
    &[],
    "Stripe blocked it before the bank; the bank never declined it.",
    "you",
    "Look at the payment under Radar in the dashboard.",
);
