//! Lists of which some is given up.

use firedoor_eval::Kept;

fn numbered(kept: &Kept<usize>, from: usize) -> Vec<(usize, usize)> {
    kept.since(from).map(|(at, item)| (at, *item)).collect()
}

#[test]
fn what_is_given_up_leaves_the_numbers_of_others_as_they_are() {
    let mut kept = Kept::new(99);
    for item in 0..4 {
        assert_eq!(kept.push(item), item);
    }
    kept.give_up(2);
    assert_eq!(kept.len(), 4);
    assert_eq!((*kept.get(1), *kept.get(2)), (1, 99));
    assert_eq!(kept.push(4), 4);
    *kept.get_mut(3) = 7;
    *kept.get_mut(4) = 40;
    assert_eq!((*kept.get(3), *kept.get(4)), (99, 40));
    assert_eq!(numbered(&kept, 0), [(0, 0), (1, 1), (4, 40)]);
    assert_eq!(numbered(&kept, 3), [(4, 40)]);
    // A second stretch, beside what was kept between them.
    kept.push(5);
    kept.give_up(5);
    kept.push(6);
    assert_eq!((*kept.get(4), *kept.get(5), *kept.get(6)), (40, 99, 6));
    assert_eq!(numbered(&kept, 1), [(1, 1), (4, 40), (6, 6)]);
    assert_eq!(numbered(&kept, 5), [(6, 6)]);
    // And one that goes on where the last has ended.
    kept.give_up(6);
    kept.push(7);
    assert_eq!(numbered(&kept, 4), [(4, 40), (7, 7)]);
    kept.give_up(8);
    assert_eq!(kept.len(), 8);
}
