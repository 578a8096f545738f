//! Which versions requirements of Python allow.

use firedoor_models::for_tests::python::highest;

#[test]
fn the_highest_version_that_a_requirement_allows() {
    let any = u32::MAX;
    for (requirement, expected) in [
        ("==3.15.1", Some((3, 15))),
        ("3.15.1", Some((3, 15))),
        ("==3.15rc1", Some((3, 15))),
        ("==3.15.*", Some((3, 15))),
        ("==3.*", Some((3, any))),
        ("==3", Some((3, 0))),
        ("<3.16", Some((3, 15))),
        ("<3.16.2", Some((3, 16))),
        ("<3.16.0", Some((3, 15))),
        ("<4", Some((3, any))),
        ("<4.0", Some((3, any))),
        ("<=3.14", Some((3, 14))),
        (">=3.14,<3.16", Some((3, 15))),
        ("<3.16, >=3.14", Some((3, 15))),
        ("<4,<3.16", Some((3, 15))),
        (">=3.14", None),
        (">=3.14, !=3.15.0", None),
        ("*", None),
        ("", None),
        ("^3.14", Some((3, any))),
        ("^0.115.2", Some((0, 115))),
        ("~=3.14", Some((3, any))),
        ("~=3.14.0", Some((3, 14))),
        ("~3.14", Some((3, 14))),
        ("<3.16 ; python_version < '3.9'", Some((3, 15))),
    ] {
        assert_eq!(highest(requirement), expected, "{requirement}");
    }
}
