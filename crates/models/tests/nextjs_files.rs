//! What files are to Next.js.

use firedoor_models::for_tests::nextjs::{ENDINGS, Role, role as role_with};

fn role(path: &str) -> Role {
    role_with(path, &ENDINGS)
}

#[test]
fn endings_may_be_others() {
    let role = |path: &str| role_with(path, &["page.tsx", "public.js"]);
    let api = |path: &str| Role::Api(path.to_owned());
    assert_eq!(role("pages/api/jams/index.public.js"), api("/api/jams"));
    assert_eq!(role("pages/api/jams/helper.js"), Role::Other);
    assert_eq!(role("next.config.js"), Role::Settings);
}

#[test]
fn files_have_roles() {
    let route = |path: &str| Role::Route(path.to_owned());
    assert_eq!(
        role("app/api/users/[id]/route.ts"),
        route("/api/users/{id}")
    );
    assert_eq!(role("src/app/(shop)/cart/route.js"), route("/cart"));
    assert_eq!(role("app/route.ts"), route("/"));
    assert_eq!(
        role("app/@modal/x/[[...rest]]/route.ts"),
        route("/x/{rest*}")
    );
    assert_eq!(role("app/_lib/route.ts"), Role::Other);
    assert_eq!(role("app/enroute.ts"), Role::Other);
    assert_eq!(
        role("src/app/(shop)/carts/[id]/page.tsx"),
        Role::Page("/carts/{id}".to_owned(), "(shop)/carts/[id]/".to_owned())
    );
    assert_eq!(role("app/layout.jsx"), Role::Layout(String::new()));
    assert_eq!(role("app/homepage.tsx"), Role::Other);
    let api = |path: &str| Role::Api(path.to_owned());
    assert_eq!(role("pages/api/index.ts"), api("/api"));
    assert_eq!(
        role("pages/api/auth/[...nextauth].ts"),
        api("/api/auth/{nextauth*}")
    );
    assert_eq!(role("src/pages/api/posts/index.tsx"), api("/api/posts"));
    assert_eq!(role("src/middleware.ts"), Role::Middleware);
    assert_eq!(role("proxy.ts"), Role::Middleware);
    assert_eq!(role("lib/middleware.ts"), Role::Other);
}
