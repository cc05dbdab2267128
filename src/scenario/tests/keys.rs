//! One list of keys: reader, list and schema are equal.

use super::*;

/// The keys that a reader asks for, as patterns of the list, over trees that hold every key.
fn asked() -> BTreeSet<String> {
    let every = "time.seasonality = [1]\ndescription = \"d\"\ncurrency = \"EUR\"\nstart = \"2026-04\"\nstage = \"growth\"\nmonths = 1\n\
        objective = \"revenue\"\nseed = 1\nfractional_counts = false\ntrials = { precision = 0.01, max = 100 }\n\
        counts = { \"mid.sponsored.a.x\" = 1 }\n[segments.categories.a]\n[segments.regions.x]\n[operations]\n\
        hours_per_month = 5\n[diversity]\nover = \"month\"\nmin_creators = 1\nmax_creators = 9\nmax_creator_budget_share = 0.2\nimportance.budget = 2\n\
        tier_budget_share.mid = 0.5\npartnership_share.seeding = 0.1\ncategory_budget_share.a = 1\n\
        region_budget_share.x = 1\n[audience]\nsize = 1000\n[[constraint]]\nname = \"n\"\ncount = { mid = 1 }\nmax = 9\n[incidents]\nprobability = 0.1\n\
        [[constraint]]\nname = \"m\"\nspend = { mid = 1 }\nmin = 0\n";
    let metrics: Vec<&str> = Metric::ALL.iter().map(|m| m.name()).collect();
    let targets = metrics
        .iter()
        .map(|m| format!("{m} = {{ at_least = 1, with = 0.5, enforce = false }}\n"))
        .collect::<Vec<_>>()
        .concat();
    let mut seen = BTreeSet::new();
    let risk = "[risk]\ntrials = 5_000\nobjective = { mean = 1, cvar = 1, level = 0.9 }\n\
        cvar = { metric = \"revenue\", at_least = 1, level = 0.9 }\n\
        probability = { metric = \"cpa\", at_most = 1, with = 0.5 }\n";
    let quarter = "[[wave]]\nname = \"w\"\nweek = 1\ndays = 7\n[ambassadors.bronze]\n[pipeline]\nwith = 0.9\n\
        starting_creators = { \"mid.sponsored.a.x\" = 1 }\n[cross_promotion]\nfan_out = { mega = 3 }\nreach_lift = 0.1\ndays = 7\n";
    for basis in ["", "benchmark = { cpa = 40 }\n"] {
        let tiers = ["mega", "macro", "mid", "micro", "nano"]
            .map(|t| format!("[tiers.{t}]\n{basis}[tiers.{t}.targets]\n{targets}"))
            .concat();
        let text = format!("{}[targets]\n{targets}{tiers}{risk}", with_head(every));
        let text = match basis {
            "" => text,
            _ => text.replace(risk, quarter).replacen(
                "budget = 600_000",
                "budget = { amount = 600_000, with = \"free\", carry_over = false }",
                1,
            ),
        };
        let mut sources = Sources::default();
        let presets = presets::load(&mut sources);
        let source = sources.add("test.toml", Kind::File, &text);
        let mut faults = Vec::new();
        let mut file = tree::parse(source, &sources, &text, &mut faults);
        structure::check(&mut file, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let root = compose(&presets, &[&file]);
        let mut reader = Reader::new(&root, &sources);
        reader.required();
        reader.text(&["name"]);
        reader.text(&["description"]);
        reader.seed();
        reader.trials();
        reader.roster();
        reader.model("base");
        for path in &reader.seen {
            let parts: Vec<&str> = path.split('.').collect();
            let known =
                pattern(&parts).unwrap_or_else(|| panic!("{path} is not in the list of keys"));
            seen.insert(known);
        }
    }
    seen
}

#[test]
fn the_reader_asks_for_the_keys_of_the_list_and_no_others() {
    let seen = asked();
    let missing: Vec<String> = leaves()
        .into_iter()
        .filter(|key| !seen.contains(key) && key != "what_if")
        // Terms of types that a tier does not offer by its presets are not asked for.
        .filter(|key| {
            let parts: Vec<&str> = key.split('.').collect();
            !matches!(parts.as_slice(), ["tiers", _, "partnership", ..])
        })
        .collect();
    assert!(missing.is_empty(), "never read: {missing:?}");
    for key in ["fee", "fee_amount", "hours"] {
        assert!(seen.contains(&format!("tiers.micro.partnership.ambassador.{key}")));
    }
}

/// What a reference to another key's schema stands for.
fn referred<'a>(whole: &'a serde_json::Value, of: &'a serde_json::Value) -> &'a serde_json::Value {
    let to = of.get("$ref").and_then(|to| to.as_str());
    match to.and_then(|to| to.strip_prefix('#')) {
        Some(place) if place.starts_with("/properties") => {
            whole.pointer(place).expect("a reference to what exists")
        }
        _ => of,
    }
}

/// Key paths of a part of a JSON Schema, `*` for names of the user's own.
fn schema_keys(
    whole: &serde_json::Value,
    prefix: &str,
    of: &serde_json::Value,
    out: &mut BTreeSet<String>,
) {
    let of = referred(whole, of);
    let table = match of.get("anyOf").and_then(|a| a.as_array()) {
        Some(forms) => {
            let table = forms.iter().map(|f| referred(whole, f)).find(|f| {
                // A distribution has tables too: those of its families and their parameters.
                let parts = [
                    "sd",
                    "lognormal",
                    "gamma",
                    "beta",
                    "pert",
                    "triangular",
                    "uniform",
                ];
                f.get("properties")
                    .is_some_and(|p| parts.iter().all(|part| p.get(part).is_none()))
            });
            out.insert(prefix.to_owned());
            match table {
                Some(table) => table,
                None => return,
            }
        }
        None => of,
    };
    let item = table
        .get("items")
        .map(|i| referred(whole, i))
        .filter(|i| i.get("properties").is_some());
    let properties = item
        .unwrap_or(table)
        .get("properties")
        .and_then(|p| p.as_object());
    match properties {
        Some(properties) if prefix != "what_if" => {
            for (key, of) in properties {
                let path = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                schema_keys(whole, &path, of, out);
            }
        }
        _ => match table.get("additionalProperties") {
            Some(inner @ serde_json::Value::Object(_)) => {
                schema_keys(whole, &format!("{prefix}.*"), inner, out);
            }
            _ => {
                out.insert(prefix.to_owned());
            }
        },
    }
}

#[test]
fn the_schema_has_the_keys_of_the_list() {
    let mut found = BTreeSet::new();
    let schema = schema();
    schema_keys(&schema, "", &schema, &mut found);
    // Maps of known names are written out in the schema.
    let listed: BTreeSet<String> = leaves()
        .into_iter()
        .flat_map(|key| {
            let names: &[&str] = match key.as_str() {
                "diversity.tier_budget_share.*" | "cross_promotion.fan_out.*" => {
                    crate::scenario::keys::TIERS
                }
                "diversity.partnership_share.*" => crate::scenario::keys::TYPES,
                _ => return vec![key],
            };
            names.iter().map(|n| key.replace('*', n)).collect()
        })
        .collect();
    assert_eq!(found, listed);
}

fn as_json(text: &str) -> serde_json::Value {
    let table: toml::Table = text.parse().expect("valid TOML");
    serde_json::to_value(table).expect("JSON")
}

#[test]
fn an_independent_validator_agrees() {
    let schema = schema();
    jsonschema::meta::validate(&schema).expect("a valid schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut shipped = 0;
    for file in std::fs::read_dir("scenarios").expect("the folder of scenarios") {
        let path = file.expect("a readable folder").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable scenario");
        read(&text);
        let errors: Vec<String> = validator
            .iter_errors(&as_json(&text))
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        shipped += 1;
    }
    assert!(shipped >= 1);
    assert!(validator.is_valid(&as_json(&starter("x").unwrap())));
    for wrong in [
        "bugdet = 3\n",
        "stage = \"mature\"\n",
        "[order]\nvalue = \"100 to 200\"\n",
        "[diversity]\ntier_budget_share.micro = [0.1, 0.2, 0.3]\n",
        "[tiers.midi]\nfee = 1\n",
        "[[what_if]]\nname = \"a\"\nseed = 4\n",
        "[[what_if]]\nbudget = 4\n",
        "trials = { prec = 0.1 }\n",
        "[tiers.mid]\nfee = { lognorm = { mean = 1, sd = 1 } }\n",
        "months = 25\n",
        "[[what_if]]\nname = \"a\"\nbudget = [1, -1]\n",
        "[[wave]]\ndays = 3\n",
        "[[wave]]\nname = \"a\"\ndays = 0\nweek = 1\n",
        "[[wave]]\nname = \"a\"\ndays = 1\nstart = \"August\"\n",
        "[[wave]]\nname = \"a\"\ndays = 1\nweek = 1\nbudget = [1, 2, 3]\n",
        "[ambassadors.bronze]\nretainer = -1\n",
        "[ambassadors]\nbronze = 3\n",
        "[pipeline]\nresponse = 1.5\n",
        "[pipeline]\nlead_months = 1\n",
        "[cross_promotion]\nfan_out = { huge = 3 }\nreach_lift = 0.1\n",
        "counts = [3]\n",
        "[time]\nseasonality = 1.0\n",
        "[time]\nmarket_persistence = 1.1\n",
        "[payment]\nfee_days = -1\n",
        "risk = 3\n",
        "[risk]\ncvar = { metric = \"impressions\", at_least = 1 }\n",
        "[risk]\ncvar = [{ metric = \"revenue\", at_least = 1, with = 0.5 }]\n",
        "[risk]\ntrials = 10\n",
        "[risk]\nobjective = { cvar = -1 }\n",
    ] {
        let text = with_head(wrong);
        assert!(!validator.is_valid(&as_json(&text)), "accepted: {wrong}");
        assert!(
            try_read(&text, &Overrides::default()).is_err(),
            "read: {wrong}"
        );
    }
}
