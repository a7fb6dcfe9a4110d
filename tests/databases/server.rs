//! Real PostgreSQL servers for tests, started once in a process and ended with it: a shell waits for this process to
//! close its pipe, then stops the server and removes its files.

#![expect(clippy::disallowed_types, reason = "tests may start servers; the product starts no process")]
#![expect(clippy::zombie_processes, reason = "the shell outlives this process by a second, to clean up")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// The password of every role that the tests make.
pub const PASSWORD: &str = "only-for-tests";

/// A running server.
pub struct Server {
    pub port: u16,
    data: PathBuf,
    bin: PathBuf,
}

/// PostgreSQL 15, as Debian packages it.
pub fn v15() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(Path::new("/usr/lib/postgresql/15/bin")))
}

/// PostgreSQL 18, from a package registry.
pub fn v18() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = if root.ends_with("guard") { root.join("..") } else { root.to_path_buf() };
        Server::start(&root.join(".databases/postgresql-18/bin"))
    })
}

impl Server {
    fn start(bin: &Path) -> Server {
        let bin = bin.canonicalize().unwrap_or_else(|_| {
            panic!("there is no PostgreSQL in {}: run `./test databases`, which installs it", bin.display())
        });
        let (folder, owner) = (folder(), owner());
        let bin = reachable(bin, &folder, owner);
        let data = folder.join("data");
        let password = folder.join("password");
        fs::write(&password, PASSWORD).unwrap();
        own(&password, owner);
        let initdb = as_owner(Command::new(bin.join("initdb")), owner)
            .args([
                "--username=postgres",
                "--auth-host=scram-sha-256",
                "--auth-local=trust",
                "--encoding=UTF8",
            ])
            .args(["--no-sync", "--locale=C", "--pwfile"])
            .arg(&password)
            .arg("-D")
            .arg(&data)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        Server::run(bin, folder)
    }

    /// A replica of this server, which follows it.
    pub fn replica(&self) -> Server {
        let (folder, owner) = (folder(), owner());
        let copied = as_owner(Command::new(self.bin.join("pg_basebackup")), owner)
            .env("PGPASSWORD", PASSWORD)
            .args(["--host=127.0.0.1", "--username=postgres", "--write-recovery-conf", "--checkpoint=fast"])
            .args([&format!("--port={}", self.port), "--pgdata"])
            .arg(folder.join("data"))
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        Server::run(self.bin.clone(), folder)
    }

    fn run(bin: PathBuf, folder: PathBuf) -> Server {
        let (data, owner) = (folder.join("data"), owner());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // The shell ends the server when our end of the pipe is closed, however this process ends.
        let script = "\"$0\"/postgres -D \"$1\" -p \"$2\" -k \"$1\" -c listen_addresses=127.0.0.1 -c fsync=off \
            -c full_page_writes=off -c max_connections=60 -c max_prepared_transactions=4 -c wal_level=logical \
            -c shared_preload_libraries=\"$3\" -c log_min_messages=panic >\"$1/log\" 2>&1 & server=$!; echo started; cat >/dev/null; \
            kill -QUIT $server; sleep 1; kill -KILL $server 2>/dev/null; rm -rf \"$4\"";
        let preload = if bin.starts_with("/usr/lib") { "pg_stat_statements" } else { "" };
        let mut shell = as_owner(Command::new("/bin/sh"), owner)
            .args(["-c", script])
            .args([&bin, &data])
            .args([&port.to_string(), preload])
            .arg(&folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        // Kept open for as long as this process lives.
        std::mem::forget(shell.stdin.take());
        let server = Server { port, data: data.clone(), bin };
        let until = Instant::now() + Duration::from_secs(30);
        while !server.answers() {
            assert!(
                Instant::now() < until,
                "PostgreSQL does not answer: {}",
                fs::read_to_string(data.join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// `psql`-free: the port accepts connections once the server is ready enough to say so.
    fn answers(&self) -> bool {
        let url = self.superuser("postgres");
        // Whoever asks first may be in a runtime, where no other one may be run or dropped.
        let ask = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { tokio_postgres::connect(&url, NoTls).await.is_ok() })
        };
        std::thread::spawn(ask).join().unwrap()
    }

    /// The URL of the superuser.
    pub fn superuser(&self, database: &str) -> String {
        self.url("postgres", database)
    }

    /// The URL of a role that has [`PASSWORD`].
    pub fn url(&self, role: &str, database: &str) -> String {
        format!("postgresql://{role}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// A new database with what `sql` makes in it, as the superuser.
    pub async fn database(&self, sql: &str) -> String {
        let name = format!("t{:x}", id());
        let admin = self.admin("postgres").await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        self.admin(&name).await.batch_execute(sql).await.unwrap_or_else(|e| panic!("{e:?}"));
        name
    }

    /// A database with what `sql` makes, and a role of its own, made by the statements that docs/providers.md tells
    /// people to run: the role's URL, and the database's name.
    pub async fn documented(&self, sql: &str) -> (String, String) {
        let name = self.database(sql).await;
        let role = format!("prodview_{:x}", id());
        self.admin(&name).await.batch_execute(&documented_role(&role)).await.unwrap();
        (self.url(&role, &name), name)
    }

    /// Puts a file that only the server can read into its folder.
    pub fn put(&self, name: &str, text: &str) {
        let path = self.data.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        own(&path, owner());
    }

    /// A connection as the superuser, for the tests' own looks and preparations.
    pub async fn admin(&self, database: &str) -> Client {
        connect(&self.superuser(database)).await
    }
}

/// A plain connection, beside everything that is tested.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The statements of docs/providers.md that make the role, with another name and [`PASSWORD`].
pub fn documented_role(role: &str) -> String {
    let page = include_str!("../../docs/providers.md");
    let (_, rest) = page.split_once("<!-- role -->").unwrap();
    let sql = rest.split("```sql").nth(1).unwrap().split("```").next().unwrap();
    sql.replace("prodview", role).replace("a long random password", PASSWORD)
}

/// A number that no other test of any process has.
pub fn id() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() >> 8
}

/// PostgreSQL refuses to run as root: then `nobody` runs it.
fn owner() -> Option<u32> {
    let root = fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    root.then_some(65_534)
}

/// A new folder that only the server's owner can enter.
fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("prodview-pg-{}-{:x}", std::process::id(), id()));
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    own(&folder, owner());
    folder
}

/// Where the one who runs the server can start it: a checkout in a home of root's is closed to others.
fn reachable(bin: PathBuf, folder: &Path, owner: Option<u32>) -> PathBuf {
    let starts = as_owner(Command::new(bin.join("initdb")), owner).arg("--version").output();
    if starts.is_ok_and(|output| output.status.success()) {
        return bin;
    }
    let copied = folder.join("postgresql");
    let done = Command::new("cp").arg("-aL").arg(bin.parent().unwrap()).arg(&copied).status().unwrap();
    assert!(done.success(), "the server's programs could not be copied");
    copied.join("bin")
}

fn own(path: &Path, owner: Option<u32>) {
    if let Some(owner) = owner {
        chown(path, Some(owner), Some(owner)).unwrap();
    }
}

fn as_owner(mut command: Command, owner: Option<u32>) -> Command {
    if let Some(owner) = owner {
        command.uid(owner).gid(owner);
    }
    command
}

/// A PgBouncer in transaction mode in front of a server, for one role and database.
pub struct Pooler {
    pub port: u16,
}

impl Pooler {
    pub fn start(server: &Server, url: &str, database: &str) -> Pooler {
        let role = url.split("//").nth(1).unwrap().split(':').next().unwrap();
        let folder = std::env::temp_dir().join(format!("prodview-pooler-{}-{:x}", std::process::id(), id()));
        fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (ini, users) = (folder.join("pgbouncer.ini"), folder.join("users.txt"));
        fs::write(&users, format!("\"{role}\" \"{PASSWORD}\"\n")).unwrap();
        let text = format!(
            "[databases]\n{database} = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             auth_type = plain\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir =\n",
            server.port,
            users.display()
        );
        fs::write(&ini, text).unwrap();
        for path in [&folder, &ini, &users] {
            own(path, owner());
        }
        let script = "/usr/sbin/pgbouncer -q \"$0/pgbouncer.ini\" >\"$0/log\" 2>&1 & pooler=$!; echo started; cat >/dev/null; kill -KILL $pooler; rm -rf \"$0\"";
        let mut shell = as_owner(Command::new("/bin/sh"), owner())
            .args(["-c", script])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        std::mem::forget(shell.stdin.take());
        let until = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "PgBouncer does not answer: {log}");
            std::thread::sleep(Duration::from_millis(30));
        }
        Pooler { port }
    }
}
