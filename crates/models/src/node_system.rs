//! Files of the server and programs that it runs, in Node: `node:fs`, `node:child_process` and what is used in their
//! place, and objects in a store.
//!
//! What a call returns is what it would return without this model. Source: the documentation of Node 22
//! (<https://nodejs.org/api/fs.html>, <https://nodejs.org/api/child_process.html>), fs-extra 11, execa 9, node-pty 1,
//! dockerode 4, ssh2 1.16, simple-git 3, the AWS SDK 3.

use firedoor_app::FileOperation;
use firedoor_eval::{Answer, Call, Machine, ObjectKind, Shape, Value};

use crate::system::{as_before, file, note_file, run};
use crate::tools::{keep, kept, option};
use crate::{Model, ModelHost};

/// A command that writes an object, or deletes one, once it is sent.
const TO_WRITE: &str = "s3:to-write";
const TO_DELETE: &str = "s3:to-delete";

/// The model.
pub static MODEL: Model = Model {
    name: "node_system",
    calls: &[
        ("node:fs.writeFile", write),
        ("node:fs.appendFile", write),
        ("node:fs.truncate", write),
        ("node:fs/promises.writeFile", write),
        ("node:fs/promises.appendFile", write),
        ("node:fs/promises.truncate", write),
        ("node:fs.writeFileSync", write),
        ("node:fs.appendFileSync", write),
        ("node:fs.createWriteStream", write),
        ("node:fs.truncateSync", write),
        ("node:fs.outputFile", write),
        ("node:fs.outputFileSync", write),
        ("node:fs.outputJson", write),
        ("node:fs.outputJSON", write),
        ("node:fs.writeJson", write),
        ("node:fs.writeJSON", write),
        ("node:fs.rename", write_to),
        ("node:fs.copyFile", write_to),
        ("node:fs.cp", write_to),
        ("node:fs/promises.rename", write_to),
        ("node:fs/promises.copyFile", write_to),
        ("node:fs/promises.cp", write_to),
        ("node:fs.renameSync", write_to),
        ("node:fs.copyFileSync", write_to),
        ("node:fs.cpSync", write_to),
        ("node:fs.move", write_to),
        ("node:fs.moveSync", write_to),
        ("node:fs.copy", write_to),
        ("node:fs.copySync", write_to),
        ("node:fs.unlink", delete),
        ("node:fs.rm", delete),
        ("node:fs.rmdir", delete),
        ("node:fs/promises.unlink", delete),
        ("node:fs/promises.rm", delete),
        ("node:fs/promises.rmdir", delete),
        ("node:fs.unlinkSync", delete),
        ("node:fs.rmSync", delete),
        ("node:fs.rmdirSync", delete),
        ("node:fs.remove", delete),
        ("node:fs.removeSync", delete),
        ("node:fs.emptyDir", delete),
        ("node:fs.emptyDirSync", delete),
        ("npm:rimraf", delete),
        ("npm:rimraf.rimraf", delete),
        ("npm:rimraf.sync", delete),
        ("npm:rimraf.rimrafSync", delete),
        ("npm:@aws-sdk/client-s3.PutObjectCommand", object_to_write),
        (
            "npm:@aws-sdk/client-s3.DeleteObjectCommand",
            object_to_delete,
        ),
        ("npm:@aws-sdk/client-s3.S3Client().send", send),
        ("node:child_process.exec", run),
        ("node:child_process.execSync", run),
        ("node:child_process.execFile", run),
        ("node:child_process.execFileSync", run),
        ("node:child_process.spawn", run),
        ("node:child_process.spawnSync", run),
        ("node:child_process.fork", run),
        ("npm:execa", run),
        ("npm:execa.execa", run),
        ("npm:execa.execaSync", run),
        ("npm:execa.execaCommand", run),
        ("npm:execa.execaCommandSync", run),
        ("npm:cross-spawn", run),
        ("npm:cross-spawn.sync", run),
        ("npm:cross-spawn.spawn", run),
        ("npm:shelljs.exec", run),
        ("npm:node-pty.spawn", run),
        ("npm:ssh2.Client().exec", run),
        ("npm:ssh2.Client().shell", run),
        ("npm:dockerode().createContainer", run),
        ("npm:dockerode().run", run),
        ("npm:dockerode().pull", run),
        ("npm:dockerode().buildImage", run),
        ("npm:dockerode().getContainer().start", run),
        ("npm:dockerode().getContainer().stop", run),
        ("npm:dockerode().getContainer().restart", run),
        ("npm:dockerode().getContainer().kill", run),
        ("npm:dockerode().getContainer().pause", run),
        ("npm:dockerode().getContainer().unpause", run),
        ("npm:dockerode().getContainer().remove", run),
        ("npm:dockerode().getContainer().update", run),
        ("npm:dockerode().getContainer().exec", run),
        ("npm:simple-git().add", run),
        ("npm:simple-git().checkout", run),
        ("npm:simple-git().clone", run),
        ("npm:simple-git().commit", run),
        ("npm:simple-git().fetch", run),
        ("npm:simple-git().merge", run),
        ("npm:simple-git().pull", run),
        ("npm:simple-git().push", run),
        ("npm:simple-git().raw", run),
        ("npm:simple-git().rebase", run),
        ("npm:simple-git().reset", run),
    ],
    aliases: &[
        ("npm:fs-extra", "node:fs"),
        ("npm:graceful-fs", "node:fs"),
        ("npm:simple-git.simpleGit", "npm:simple-git"),
    ],
    ..Model::EMPTY
};

fn write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &call.arguments.get(0),
    )
}

/// `rename(from, to)`.
fn write_to(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &call.arguments.get(1),
    )
}

fn delete(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Delete,
        &call.arguments.get(0),
    )
}

fn object_to_write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(command(host, machine, call, TO_WRITE)))
}

fn object_to_delete(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(command(host, machine, call, TO_DELETE)))
}

/// Makes a command with the key of its object. That alone does nothing: `getSignedUrl(store, command)` only says where
/// somebody else may send it.
fn command(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, path: &str) -> Value {
    let input = call.arguments.get(0);
    let key = option(machine, &input, "Key", call.span);
    let id = host.make_object(machine, path, call.span);
    keep(machine, id, "$key", key.unwrap_or_else(Value::undefined));
    keep(machine, id, "input", input);
    let said = machine.derived(Shape::Object, call.arguments.all());
    Value::object(id).with_origins(said.origins)
}

/// `store.send(command)`.
fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let commands: Vec<_> = call.arguments.get(0).objects().collect();
    for id in commands {
        let operation = match machine.heap.get(id).kind {
            ObjectKind::Host(path) if path == TO_WRITE => FileOperation::Write,
            ObjectKind::Host(path) if path == TO_DELETE => FileOperation::Delete,
            _ => continue,
        };
        let key = kept(machine, Some(id), "$key");
        note_file(host, machine, call, operation, &key);
    }
    as_before(host, machine, call)
}
