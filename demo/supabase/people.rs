//! Those who can sign in: everybody with a row in the application's `users`, as a row of `auth.users`.

use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use crate::world::{Dice, IncidentKind, Person, World};

/// A row of `auth.users`: id, lower-case address, and the columns that are asked for.
pub(super) fn all(world: &World) -> impl Iterator<Item = Value> + '_ {
    world.people.iter().filter(|person| person.user_id.is_some()).map(|person| row(world, person))
}

fn row(world: &World, person: &Person) -> Value {
    // Each has a stream of their own, so that one more person changes nobody's id.
    let mut dice = Dice::new(world.seed, &format!("sign-in {}", person.email));
    let id = uuid(&mut dice);
    let provider = if dice.chance(30) { "google" } else { "email" };
    let hours = dice.between(1, 200);
    let last = super::project::ago(world, hours).max(person.joined);
    let locked = world
        .incidents
        .iter()
        .any(|incident| incident.kind == IncidentKind::LockedAccount && incident.email == person.email);
    let banned = locked.then(|| written(super::project::ago(world, -48)));
    json!({
        "id": id, "email": person.email.to_lowercase(), "created_at": written(person.joined), "last_sign_in_at": written(last),
        "banned_until": banned, "deleted_at": null, "email_confirmed_at": written(person.joined), "phone_confirmed_at": null,
        "is_anonymous": false, "is_sso_user": false, "providers": [provider], "name": person.name,
    })
}

/// As `row_to_json` writes a `timestamptz`.
fn written(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A random uuid of version 4.
pub(super) fn uuid(dice: &mut Dice) -> String {
    let (a, b, c, d) = (dice.hex(8), dice.hex(4), dice.hex(3), dice.hex(3));
    format!("{a}-{b}-4{c}-8{d}-{}", dice.hex(12))
}
