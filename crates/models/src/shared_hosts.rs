//! Addresses below which anybody puts up a site of his own, at a hosting service: an expression for allowed origins that
//! leaves open what stands before them lets in whoever takes a name that fits.

/// Services that give each customer a name of his choice, or one that is as good, below their own. From the private part
/// of the Public Suffix List, those that applications are put up at.
const SHARED: [&str; 30] = [
    "amplifyapp.com",
    "appspot.com",
    "azurestaticapps.net",
    "azurewebsites.net",
    "cloudfront.net",
    "deno.dev",
    "discordsays.com",
    "firebaseapp.com",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "glitch.me",
    "herokuapp.com",
    "koyeb.app",
    "lovable.app",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "now.sh",
    "onrender.com",
    "pages.dev",
    "railway.app",
    "repl.co",
    "replit.app",
    "run.app",
    "surge.sh",
    "vercel.app",
    "web.app",
    "workers.dev",
];

/// Holds if the expression, which must match the whole origin, ends with such an address and leaves open, at least in
/// part, the name right before it.
pub fn leaves_name_open(pattern: &str) -> bool {
    let ends = ["\\Z", "\\z", "$"];
    let body = ends
        .iter()
        .find_map(|end| pattern.strip_suffix(end))
        .unwrap_or(pattern);
    let plain = body.replace('\\', "");
    SHARED.iter().any(|service| {
        let before = plain
            .strip_suffix(service)
            .and_then(|before| before.strip_suffix('.'));
        before.is_some_and(is_open_end)
    })
}

/// Holds if a text that is asked for at the end of a host leaves open the name right before such an address.
pub fn is_whole_service(end: &str) -> bool {
    let service = end.strip_prefix('.');
    service.is_some_and(|service| SHARED.contains(&service))
}

/// Holds if what has no fixed length stands at the end.
fn is_open_end(before: &str) -> bool {
    let before = before.trim_end_matches([')', '?']);
    let is_counted = before.ends_with('}') && before.contains('{');
    before.ends_with(['*', '+']) || is_counted
}
