mod numbers;

use proptest::prelude::*;

use super::*;
use crate::model::{Creator, Model, RosterField, RosterSettings};
use crate::scenario::{self, Overrides};

fn model() -> Model {
    let text =
        "schema = 1\nname = \"r\"\nbudget = 60_000\ntiers.use = [\"macro\", \"mid\", \"micro\"]\n";
    scenario::read_text("r.toml", text, &Overrides::default())
        .unwrap()
        .base
}

fn read_with(bytes: &[u8], settings: &RosterSettings) -> Result<Roster, RosterError> {
    let (text, _) = decode(bytes, settings.encoding)?;
    read_table(&parse(&text, settings)?, &model(), settings)
}

fn read(bytes: &[u8]) -> Result<Roster, RosterError> {
    read_with(bytes, &RosterSettings::default())
}

fn of<'a>(roster: &'a Roster, id: &str) -> &'a Creator {
    roster.creators.iter().find(|c| c.id == id).unwrap()
}

#[test]
fn messy_numbers_are_read() {
    let roster = read(
        "id,followers,fee,er\na,409.8k,\"¥ 1,200\",3.5 %\nb,1.2万,N/A,\nc,\"12,345\",￥900,12％\nd,2e4,1 500 元,8%\ne,15K+,?,n/a\n"
            .as_bytes(),
    )
    .unwrap();
    let a = of(&roster, "a");
    assert_eq!(
        (a.tier, a.followers, a.fee),
        (0, Some(409_800.0), Some(1200.0))
    );
    assert_eq!(a.engagement_rate, Some(0.035));
    let b = of(&roster, "b");
    assert_eq!(
        (b.followers, b.fee, b.engagement_rate),
        (Some(12_000.0), None, None)
    );
    let c = of(&roster, "c");
    assert_eq!(
        (c.followers, c.fee, c.engagement_rate),
        (Some(12_345.0), Some(900.0), Some(0.12))
    );
    let d = of(&roster, "d");
    assert_eq!((d.followers, d.fee), (Some(20_000.0), Some(1500.0)));
    // A number with a plus behind it is none: the row has no tier then.
    let dropped: Vec<usize> = roster
        .issues
        .iter()
        .filter(|i| i.action == Action::Dropped)
        .map(|i| i.row)
        .collect();
    assert_eq!(dropped, [6]);
}

#[test]
fn decimal_marks_are_decided_by_the_value_or_the_column() {
    let fees = |text: &str| -> Vec<Option<f64>> {
        let roster = read(format!("id;tier;fee\n{text}").as_bytes()).unwrap();
        roster.creators.iter().map(|c| c.fee).collect()
    };
    // 950,5 says that commas are decimal marks here, but 1,200 of money would be an odd way to write 1.2.
    assert_eq!(
        fees("a;mid;950,5\nb;mid;1,200\nc;mid;1.200\n"),
        [Some(950.5), Some(1200.0), Some(1200.0)]
    );
    assert_eq!(
        fees("a;mid;950.5\nb;mid;1,200\n"),
        [Some(950.5), Some(1200.0)]
    );
    // No evidence: thousands, and it is said.
    let roster = read(b"id,tier,fee\na,mid,\"1,200\"\n").unwrap();
    assert_eq!(roster.creators[0].fee, Some(1200.0));
    assert!(roster.issues[0].reason.contains("two ways"));
    let settings = RosterSettings {
        decimal_comma: Some(true),
        ..RosterSettings::default()
    };
    let roster = read_with(b"id,tier,fee\na,mid,\"1,200\"\n", &settings).unwrap();
    assert_eq!(roster.creators[0].fee, Some(1.2));
}

/// One `1.200,50` does not make ¥50 of the ¥50,000 of another row, and what could be doubted is listed.
#[test]
fn a_fee_is_never_read_a_thousand_times_too_low() {
    let text = "id;tier;fee\na;mid;¥50,000\nb;mid;300\nc;mid;1200\nd;mid;500\ne;mid;1.200,50\n";
    let roster = read(text.as_bytes()).unwrap();
    let fees: Vec<Option<f64>> = roster.creators.iter().map(|c| c.fee).collect();
    assert_eq!(fees, [50_000.0, 300.0, 1200.0, 500.0, 1200.5].map(Some));
    let listed: Vec<(usize, &str)> = roster
        .issues
        .iter()
        .map(|i| (i.row, i.text.as_str()))
        .collect();
    assert_eq!(listed, [(2, "¥50,000")]);
    assert!(roster.issues[0].reason.contains("read as 50000"));
    // Where all values agree nothing is in doubt.
    let roster = read(b"id;tier;fee\na;mid;50,000\nb;mid;1,200.50\n").unwrap();
    assert_eq!(roster.creators[0].fee, Some(50_000.0));
    assert!(roster.issues.is_empty(), "{:?}", roster.issues);
}

#[test]
fn percentages_without_a_sign_are_recognized() {
    let rates = |text: &str| -> Vec<Option<f64>> {
        let roster = read(format!("id,tier,er\n{text}").as_bytes()).unwrap();
        roster.creators.iter().map(|c| c.engagement_rate).collect()
    };
    assert_eq!(
        rates("a,mid,3.5\nb,mid,4\nc,mid,0.8\n"),
        [Some(0.035), Some(0.04), Some(0.008)]
    );
    assert_eq!(
        rates("a,mid,0.035\nb,mid,0.04\nc,mid,5\n"),
        [Some(0.035), Some(0.04), Some(0.05)]
    );
    assert_eq!(rates("a,mid,250%\n"), [None]);
}

#[test]
fn every_dropped_row_is_listed_with_its_reason() {
    let text = "Our list\nid,name,followers,status\na, Ann ,20k,active\n\nid,name,followers,status\na,Ann,20k,\nb,Bob,3k,blocked\n\
        ,Nobody,3k,\nc,Cat,5,\nd,Dan,abc,\ne,Eve,3k,x,y,z\nTotal,,99k,\n";
    let roster = read(text.as_bytes()).unwrap();
    assert_eq!(roster.creators.len(), 1);
    assert_eq!(roster.creators[0].name.as_deref(), Some("Ann"));
    let listed: Vec<(usize, Action)> = roster.issues.iter().map(|i| (i.row, i.action)).collect();
    let dropped = |row| (row, Action::Dropped);
    assert_eq!(
        listed,
        [
            dropped(1),
            (3, Action::Repaired),
            dropped(5),
            dropped(6),
            dropped(7),
            dropped(8),
            dropped(9),
            dropped(10),
            dropped(11),
            dropped(12)
        ]
    );
    assert_eq!(
        (roster.read, roster.dropped(), roster.repaired()),
        (10, 9, 1)
    );
}

#[test]
fn a_dropped_row_is_listed_once() {
    let roster = read(b"id,tier,followers,name\na,mid,20k,Ann\nb,giant\nc,mid\n").unwrap();
    let listed: Vec<(usize, Action)> = roster.issues.iter().map(|i| (i.row, i.action)).collect();
    assert_eq!(listed, [(3, Action::Dropped), (4, Action::Repaired)]);
}

#[test]
fn encodings_are_recognized() {
    let text = "达人id,昵称,粉丝数,报价\n甲一,张三,1.2万,500\n乙二,李四,3000,300\n";
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let (gbk, _, _) = encoding_rs::GBK.encode(text);
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
    for bytes in [text.as_bytes(), &utf16, &utf16[2..], &gbk, &marked] {
        let roster = read(bytes).unwrap();
        assert_eq!(of(&roster, "甲一").followers, Some(12_000.0));
        assert_eq!(of(&roster, "乙二").name.as_deref(), Some("李四"));
    }
    let (western, _, _) = encoding_rs::WINDOWS_1252.encode("id\ttier\nJosé\tmid\nÉlodie\tmicro\n");
    let roster = read(&western).unwrap();
    assert_eq!(
        (of(&roster, "José").tier, of(&roster, "Élodie").tier),
        (1, 2)
    );
}

/// One bad byte, or a last character cut off, costs the fields it stands in and no others.
#[test]
fn a_damaged_byte_leaves_the_rest_of_a_text_as_it_is() {
    let row = |i: usize| {
        let status = if i.is_multiple_of(2) {
            "黑名单"
        } else {
            "正常"
        };
        format!("c{i},张三李四,mid,{status}\n")
    };
    let rows = (0..20).map(row).collect::<Vec<_>>().concat();
    let text = format!("id,昵称,等级,状态\n{rows}");
    let mut bytes = text.clone().into_bytes();
    // The second byte of the name of c1, in row 3.
    let at = text.find("c1,").unwrap() + 4;
    bytes[at] = b'x';
    let (read_as, encoding) = decode(&bytes, None).unwrap();
    assert_eq!(encoding, "UTF-8");
    assert_eq!(read_as.matches("张三李四").count(), 19);
    let roster = read(&bytes).unwrap();
    assert_eq!(roster.creators.len(), 10);
    let told: Vec<&Issue> = roster.issues.iter().filter(|i| i.row == 3).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].action, Action::Repaired);
    assert!(told[0].reason.contains("no text"), "{}", told[0].reason);

    let cut = format!("{text}c20,王五,mid,黑名单");
    let roster = read(&cut.as_bytes()[..cut.len() - 1]).unwrap();
    // Whether the last can be booked cannot be told.
    assert_eq!(roster.creators.len(), 10);
    let last = roster.issues.last().unwrap();
    assert_eq!((last.row, last.action), (22, Action::Dropped));
    assert!(last.reason.contains("status is damaged"), "{}", last.reason);
}

#[test]
fn western_letters_in_pairs_are_not_taken_for_chinese() {
    for name in [
        "Größe",
        "Straßenbäääcker",
        "Ménagère Noël",
        "François Lefèvre-Müüll",
    ] {
        let text = format!("id,tier,name\na,mid,{name}\n");
        let (western, _, unmappable) = encoding_rs::WINDOWS_1252.encode(&text);
        assert!(!unmappable);
        assert_eq!(
            read(&western).unwrap().creators[0].name.as_deref(),
            Some(name)
        );
    }
    for name in [
        "张三",
        "李小龙",
        "小红书达人",
        "１２３号",
        "美食·成都",
        "陳大文",
    ] {
        let text = format!("id,等级,昵称\na,mid,{name}\n");
        let (gbk, _, unmappable) = encoding_rs::GBK.encode(&text);
        assert!(!unmappable, "{name}");
        assert_eq!(read(&gbk).unwrap().creators[0].name.as_deref(), Some(name));
    }
}

#[test]
fn files_that_are_no_rosters_end_in_one_error() {
    let huge = format!("id,tier\n\"{}", "x".repeat(LONGEST_FIELD + 10));
    let wide = format!("id,tier{}\na,mid\n", ",x".repeat(MOST_COLUMNS));
    for (bytes, words) in [
        (&b""[..], "empty"),
        (b" \n \n", "empty"),
        (b"PK\x03\x04\0\0\0", "neither text nor parquet"),
        (b"a,b\n1,2\n", "no header"),
        (b"id,tier\n", "no rows"),
        (b"id,tier\na,giant\n", "no tier"),
        (huge.as_bytes(), "left open"),
        (b"id,followers\n\"a,5\n", "row 2 and is never closed"),
        (b"id,followers\na\0,5\n", "zero bytes"),
        (
            b"id,tier\na,mid\nb,\"mid\nc,mid\nd,mid\n",
            "row 3 and is never closed",
        ),
        (wide.as_bytes(), "columns"),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let settings = RosterSettings {
        columns: vec![(RosterField::Id, "Handle".to_owned())],
        ..RosterSettings::default()
    };
    let error = read_with(b"id,tier\na,mid\n", &settings).unwrap_err();
    assert!(matches!(error, RosterError::NoColumn { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let under = [b"id,tier,followers,fee,er\n".as_slice(), &bytes].concat();
        let _ = read(&under);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9,.;%kKmM¥$€ \"'\n\te+\\-a万亿]{0,200}") {
        let roster = read(format!("id,tier,followers,fee,er\na,mid,1,2,3\n{text}").as_bytes());
        if let Ok(roster) = roster {
            for creator in &roster.creators {
                prop_assert!(creator.fee.is_none_or(|f| f.is_finite() && f >= 0.0));
                prop_assert!(creator.engagement_rate.is_none_or(|r| (0.0..=1.0).contains(&r)));
            }
            prop_assert_eq!(roster.read, roster.creators.len() + roster.dropped());
        }
    }
}
