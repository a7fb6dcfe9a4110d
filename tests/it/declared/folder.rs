//! The user's own folder: sound, wrong, and hostile.

use crate::program::{Folder, run};
use crate::rig::Rig;

const TOOL: &str = r#"name = "my_refunds"
title = "My refunds"
about = "Refunds, as I want them."
provider = "stripe"
get = "/v1/refunds"
[answer]
rows = "/data"
columns.id = { at = "/id" }
columns.amount = { at = "/amount", type = "money", currency = "/currency" }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_of_ones_own_works_from_the_configuration_and_from_the_command_line() {
    let rig = Rig::new().await;
    let toml = rig.demo.config_toml();
    let folder = Folder::configured(&format!("{toml}\n[settings]\ntools = \"./mine\"\n"));
    folder.write_below("mine", "refunds.toml", TOOL);
    folder.write_below("mine", "README.md", "not a tool");
    folder.write_below("other", "b.toml", &TOOL.replace("my_refunds", "other_refunds"));
    let ended = run(&folder, &["call", "my_refunds"], &[]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.out.contains("My refunds: ") && ended.out.contains('€'), "{}", ended.out);
    let other = run(&folder, &["call", "other_refunds", "--tools", "other"], &[]);
    assert_eq!(other.code, Some(0), "{other:#?}");
    let gone = run(&folder, &["call", "my_refunds", "--tools", "other"], &[]);
    assert_eq!(gone.code, Some(2), "{gone:#?}");
    let tools = run(&folder, &["tools"], &[]);
    assert!(
        tools.out.contains("my_refunds") && tools.out.contains("Of them 1 declared: about "),
        "{}",
        tools.out
    );
    let demo = run(&folder, &["call", "other_refunds", "--tools", "other", "--demo", "--json"], &[]);
    assert!(!demo.json()["rows"].as_array().unwrap().is_empty());
}

#[test]
fn whatever_is_wrong_is_told_at_once_and_nothing_starts() {
    let folder = Folder::configured(
        "[settings]\ndeclared = [\"stripe_dispute\", \"stripe_refunds\"]\ntools = \"mine\"\n",
    );
    folder.write_below("mine", "a.toml", &TOOL.replace("provider", "providr"));
    folder.write_below("mine", "b.toml", &TOOL.replace("my_refunds", "stripe_refunds"));
    folder.write_below("mine", "c.toml", &TOOL.replace("my_refunds", "find_user"));
    folder.write_below("mine", "d.toml", TOOL);
    folder.write_below("mine", "e.toml", TOOL);
    for args in [&["serve"][..], &["tools"], &["call", "my_refunds"]] {
        let ended = run(&folder, args, &[]);
        assert_eq!(ended.code, Some(2), "{ended:#?}");
        for line in [
            "prodview.toml:2:13: there is no shipped declared tool `stripe_dispute`; did you mean `stripe_disputes`?",
            "mine/a.toml:4:1: unknown key `providr` at the top of the file; did you mean `provider`?",
            "mine/b.toml:1:8: there is another tool `stripe_refunds`: a shipped one that `declared` switches on; give this one another name",
            "mine/c.toml:1:8: `find_user` is a built-in tool; give this one another name",
            "mine/e.toml:1:8: there is another tool `my_refunds`: one of another file; give this one another name",
        ] {
            assert!(ended.err.contains(line), "{line}\n{}", ended.err);
        }
    }
}

#[test]
fn a_hostile_folder_is_told_file_by_file() {
    let folder = Folder::new();
    folder.write_below("mine/folder.toml", "x", "");
    folder.write_below("mine", "good.toml", TOOL);
    folder.write_below("mine", "large.toml", &"#".repeat(10 << 20));
    folder.write_below("mine", ".hidden.toml", "nonsense");
    folder.write_bytes("mine/latin1.toml", b"name = \"\xe9\"");
    folder.write_bytes("mine/nul.toml", b"name = \"a\0b\"");
    folder.link("loop.toml", "mine/loop.toml");
    folder.link("nowhere", "mine/nowhere.toml");
    let ended = run(&folder, &["check", "mine"], &[]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    for line in [
        "my_refunds (My refunds): well",
        "the declared tool `mine/folder.toml` cannot be read: it is a folder;",
        "the declared tool `mine/large.toml` cannot be read: it is larger than 64 KiB;",
        "the declared tool `mine/latin1.toml` cannot be read: it is not text in UTF-8;",
        "the declared tool `mine/nowhere.toml` cannot be read: there is no such file;",
        "the declared tool `mine/loop.toml` cannot be read: ",
        "mine/nul.toml:1:",
    ] {
        assert!(ended.out.contains(line), "{line}\n{}", ended.out);
    }
    assert!(!ended.all().contains("hidden"));
    let served = run(&folder, &["serve", "--tools", "mine"], &[]);
    assert_eq!(served.code, Some(2), "{served:#?}");
    let nowhere = run(&folder, &["tools", "--tools", "nowhere-at-all"], &[]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.err.contains("`nowhere-at-all` cannot be read"), "{}", nowhere.err);
}

#[test]
fn a_tool_whose_source_is_not_connected_is_not_listed_and_that_is_said() {
    let folder = Folder::configured("[settings]\ntools = \"mine\"\n");
    folder.write_below("mine", "a.toml", &TOOL.replace("get =", "source = \"stripe-eu\"\nget ="));
    let ended = run(&folder, &["tools"], &[]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(
        ended
            .err
            .contains("mine/a.toml:1:8: `my_refunds` asks the source `stripe-eu`, which is not connected"),
        "{}",
        ended.err
    );
    assert!(!ended.out.contains("my_refunds"));
}
