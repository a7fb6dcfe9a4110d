//! As whom prodview asks, and what its deploy key could do.

use super::{CHECK_KEY, DEPLOYMENT_INFO};
use crate::capability::{Identity, Power};
use futures_util::future;
use prodview_guard::{Failure, Foreign, Refused, Secret, Wire};
use serde::Deserialize;

/// `GET /api/check_admin_key`. Older back ends tell only `success`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct KeyCheck {
    allowed_ops: Option<Vec<String>>,
    is_read_only: Option<bool>,
}

/// `GET /api/v1/deployment_info`; a self-hosted deployment tells only its `kind`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Deployment {
    kind: Option<String>,
    project_slug: Option<String>,
    deployment_type: Option<String>,
}

/// What the server itself counts as reading (open-source back end, `read_only_operations`).
const READS: [&str; 12] = [
    "ViewEnvironmentVariables",
    "ViewLogs",
    "ViewMetrics",
    "ViewIntegrations",
    "ViewData",
    "ViewBackups",
    "DownloadBackups",
    "RunInternalQueries",
    "RunTestQuery",
    "ViewAuditLog",
    "ViewUsageLimits",
    "ViewUsage",
];

/// Reads that prodview does not need and whose loss would hurt.
const TOO_MUCH: [(&str, &str); 2] = [
    ("ViewEnvironmentVariables", "`deployment:env:view` shows the values of environment variables"),
    ("DownloadBackups", "`deployment:backups:download` hands out the whole database"),
];

/// Asks what the key may do and what the deployment is. Two requests, at once.
pub(super) async fn identity(wire: &Wire) -> Result<Identity, Failure> {
    let key = wire.read::<KeyCheck>(CHECK_KEY.ask());
    let deployment = wire.read::<Deployment>(DEPLOYMENT_INFO.ask());
    let (key, deployment) = future::join(key, deployment).await;
    let key = match key {
        Ok(reply) => Some(reply.body),
        Err(failure) if failure.is_not_found() => None,
        Err(failure) => return Err(failure),
    };
    // What the deployment is called is good to know, and no reason to fail: custom back ends do not have the route.
    let (deployment, note) = match deployment {
        Ok(reply) => (reply.body, None),
        Err(failure) if failure.is_not_found() => Default::default(),
        Err(failure) => (
            Deployment::default(),
            Some(format!("what the deployment is called could not be read: {failure}")),
        ),
    };
    let mut identity = judge(key.as_ref(), &deployment);
    identity.notes.extend(note);
    Ok(identity)
}

fn judge(key: Option<&KeyCheck>, deployment: &Deployment) -> Identity {
    let (power, grants, notes) = power_of(key);
    let known = |kind: &&str| ["prod", "dev", "preview", "custom"].contains(kind);
    let mode = deployment.deployment_type.as_deref().filter(known).map(str::to_owned);
    let self_hosted = deployment.kind.as_deref() == Some("selfHosted");
    Identity {
        account: deployment.project_slug.as_deref().map(Foreign::new),
        mode: mode.or_else(|| self_hosted.then(|| "self-hosted".to_owned())),
        power,
        grants,
        notes,
    }
}

fn power_of(key: Option<&KeyCheck>) -> (Power, Vec<String>, Vec<String>) {
    let Some(key) = key else {
        let note = "this back end does not tell what a key may do".to_owned();
        return (Power::Unknown, Vec::new(), vec![note]);
    };
    let Some(ops) = &key.allowed_ops else {
        return match key.is_read_only {
            Some(true) => (Power::ReadOnly, Vec::new(), Vec::new()),
            Some(false) => (Power::CouldWrite, Vec::new(), vec![ALL_POWERS.to_owned()]),
            None => {
                let note = "this back end is too old to tell what a key may do".to_owned();
                (Power::Unknown, Vec::new(), vec![note])
            }
        };
    };
    if ops.is_empty() {
        // An empty list is how the server writes «everything».
        return (Power::CouldWrite, Vec::new(), vec![ALL_POWERS.to_owned()]);
    }
    let plain = |op: &&String| op.len() <= 64 && op.bytes().all(|b| b.is_ascii_alphanumeric());
    let grants: Vec<String> = ops.iter().filter(plain).cloned().collect();
    let beyond: Vec<&str> = grants.iter().map(String::as_str).filter(|op| !READS.contains(op)).collect();
    let mut notes = Vec::new();
    if !beyond.is_empty() {
        notes.push(format!("the deploy key may do more than read: {}", beyond.join(", ")));
    }
    notes.extend(
        TOO_MUCH
            .iter()
            .filter(|(op, _)| grants.iter().any(|g| g == op))
            .map(|(_, why)| format!("not needed: {why}")),
    );
    if !grants.iter().any(|op| op == "ViewData") {
        notes.push("without `deployment:data:view` no table can be read".to_owned());
    }
    // A name that is not plain is one we do not know, and what we do not know may write.
    let reads_only = beyond.is_empty() && grants.len() == ops.len();
    (if reads_only { Power::ReadOnly } else { Power::CouldWrite }, grants, notes)
}

const ALL_POWERS: &str = "the deploy key may do everything: deploy, change data, read environment variables";

/// The kind of a deploy key by its prefix, from <https://docs.convex.dev/cli/deploy-key-types>. Refuses what no
/// deployment accepts, and what would act as one of the app's users: the server reads a colon behind the key as
/// the beginning of a user (`extract_admin_key` of the open-source back end).
pub(super) fn kind_of_key(key: &Secret) -> Result<Option<&'static str>, Refused> {
    let colons = key.count(':');
    let named = [
        ("prod:", "production deploy key"),
        ("dev:", "development deploy key"),
        ("preview:", "deploy key of a preview deployment"),
        ("custom:", "deploy key"),
        ("local:", "deploy key of a local deployment"),
    ];
    if key.starts_with("project:") || (key.starts_with("preview:") && colons > 1) {
        return Err(Refused::because(
            "this key makes deployments and cannot look into one: generate a deploy key in the settings of the deployment",
        ));
    }
    let kind = named.iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, kind)| *kind);
    if kind.is_some() && key.count('|') == 0 {
        return Err(Refused::because(
            "this is the name of a deployment, not its key: a deploy key looks like `prod:happy-otter-123|…`",
        ));
    }
    if colons > usize::from(kind.is_some()) {
        return Err(Refused::because(
            "this key has more colons than a deploy key: one behind the key would make prodview act as a user of the app",
        ));
    }
    Ok(kind.or_else(|| (key.count('|') > 0).then_some("admin key")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(key: Value) -> Identity {
        let key: KeyCheck = serde_json::from_value(key).unwrap();
        judge(Some(&key), &Deployment::default())
    }

    #[test]
    fn an_empty_list_means_everything() {
        let identity = of(json!({ "success": true, "allowedOps": [], "isReadOnly": false }));
        assert_eq!(identity.power, Power::CouldWrite);
        assert!(identity.notes.iter().any(|note| note.contains("everything")));
    }

    #[test]
    fn only_reads_is_read_only_and_what_is_too_much_is_said() {
        let identity =
            of(json!({ "success": true, "allowedOps": ["ViewData", "ViewLogs"], "isReadOnly": true }));
        assert_eq!((identity.power, identity.notes.as_slice()), (Power::ReadOnly, &[][..]));
        let identity = of(json!({ "allowedOps": ["ViewData", "ViewEnvironmentVariables"] }));
        assert_eq!(identity.power, Power::ReadOnly);
        assert_eq!(identity.notes.len(), 1);
    }

    #[test]
    fn what_is_not_known_to_read_could_write() {
        for op in ["WriteData", "Unknown", "FlyToTheMoon", "View Data; drop"] {
            assert_eq!(of(json!({ "allowedOps": ["ViewData", op] })).power, Power::CouldWrite, "{op}");
        }
        assert!(of(json!({ "allowedOps": ["ViewData", "WriteData"] })).notes[0].contains("WriteData"));
        assert!(!of(json!({ "allowedOps": ["View Data; drop"] })).grants.iter().any(|g| g.contains("drop")));
    }

    #[test]
    fn older_and_other_back_ends_are_unknown() {
        assert_eq!(of(json!({ "success": true })).power, Power::Unknown);
        assert_eq!(judge(None, &Deployment::default()).power, Power::Unknown);
        assert_eq!(
            of(json!({ "success": true, "allowedOps": null, "isReadOnly": true })).power,
            Power::ReadOnly
        );
    }

    #[test]
    fn a_deployment_says_what_it_is() {
        let cloud = json!({
            "kind": "cloud", "teamId": 1, "projectId": 2, "projectName": "Shop", "projectSlug": "shop", "id": 3,
            "deploymentType": "prod", "reference": null,
        });
        let identity = judge(None, &serde_json::from_value(cloud).unwrap());
        assert_eq!(identity.account.unwrap().as_str(), "shop");
        assert_eq!(identity.mode.as_deref(), Some("prod"));
        let own: Deployment = serde_json::from_value(json!({ "kind": "selfHosted" })).unwrap();
        assert_eq!(judge(None, &own).mode.as_deref(), Some("self-hosted"));
    }

    #[test]
    fn keys_that_act_as_a_user_or_fit_no_deployment_are_refused() {
        let body = "eyJ2MiI6ImFiY2RlZmdoaWprbG1ub3AifQ==";
        let kind = |prefix: &str, rest: &str| kind_of_key(&Secret::new(format!("{prefix}{body}{rest}")));
        assert_eq!(kind("prod:happy-otter-123|", ""), Ok(Some("production deploy key")));
        assert_eq!(kind("happy-otter-123|", ""), Ok(Some("admin key")));
        assert_eq!(kind("preview:sunny-fox-9|", ""), Ok(Some("deploy key of a preview deployment")));
        assert!(kind("prod:happy-otter-123|", ":eyJzdWIiOiIxIn0=").is_err(), "acts as a user");
        assert!(kind("happy-otter-123|", ":eyJzdWIiOiIxIn0=").is_err(), "acts as a user");
        assert!(kind("project:acme:shop|", "").is_err());
        assert!(kind("preview:acme:shop|", "").is_err());
        assert!(kind_of_key(&Secret::new("prod:happy-otter-123".to_owned())).is_err(), "a deployment's name");
    }
}
