//! What one statement does wrong is one finding, and one thing more is another one.

use firedoor_analysis::{Options, Report, analyse};
use firedoor_source::FileSet;

/// An account is made with what the client says of these fields.
fn report(fields: &str) -> Report {
    let text = format!(
        "const express = require('express');
const jwt = require('jsonwebtoken');
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({{ passwordHash: String, role: String, plan: String }}));
const app = express();
app.use(express.json());
app.post('/join', async (req, res) => {{
  await User.create({{ passwordHash: await require('bcrypt').hash(req.body.password, 12), {fields} }});
  res.end();
}});
app.get('/all', async (req, res) => {{
  const claims = jwt.verify(req.headers.authorization, process.env.KEY, {{ algorithms: ['HS256'] }});
  const user = await User.findById(claims.sub);
  if (user.role !== 'admin' || user.plan !== 'gold') return res.status(403).end();
  res.json(await User.find());
}});
app.listen(3000);
"
    );
    analyse(
        &FileSet::new([("app.js".to_owned(), text.into())]),
        &Options::default(),
    )
}

fn told(report: &Report) -> Vec<(String, String)> {
    let found = report.findings.iter();
    found
        .filter(|it| it.finding.rule.id == "client-trusted-value")
        .map(|it| (it.finding.title.clone(), it.fingerprint.clone()))
        .collect()
}

#[test]
fn fields_of_one_statement_are_one_finding_with_an_identity_of_its_own() {
    let one = told(&report("role: req.body.role"));
    let both = told(&report("role: req.body.role, plan: req.body.plan"));
    assert_eq!(one.len(), 1);
    assert_eq!(both.len(), 1);
    assert_eq!(
        both[0].0,
        "`POST /join` believes the client's `plan` and `role`"
    );
    assert_ne!(one[0].1, both[0].1);
}
