//! Sheet `charts`: a fan of each metric of the first plan.

use rust_xlsxwriter::{
    Chart, ChartFormat, ChartLegendPosition, ChartLine, ChartMarker, ChartMarkerType,
    ChartSolidFill, ChartType, Color, Workbook, XlsxError,
};

use super::estimates::{BAND, P10, P50, P90, PERIOD, Shown};

const NAVY: Color = Color::RGB(0x001F_3864);
const BLUE: Color = Color::RGB(0x008F_AADC);
/// Size of a chart, in pixels.
const SIZE: (u32, u32) = (620, 320);
/// Rows and columns of cells that a chart takes, with space around it.
const STEP: (u32, u16) = (17, 10);

/// Adds the sheet; nothing where there is nothing to show.
pub(super) fn charts(
    workbook: &mut Workbook,
    sheets: &[(&'static str, Vec<Shown>)],
    currency: &str,
) -> Result<(), XlsxError> {
    if sheets.iter().all(|(_, shown)| shown.is_empty()) {
        return Ok(());
    }
    let page = workbook.add_worksheet();
    page.set_name("charts")?;
    page.set_screen_gridlines(false);
    page.set_landscape().set_print_fit_to_pages(1, 0);
    let all = sheets
        .iter()
        .flat_map(|(sheet, shown)| shown.iter().map(move |s| (*sheet, s)));
    for (index, (sheet, shown)) in all.enumerate() {
        let chart = fan(sheet, shown, currency);
        let (down, right) = (index as u32 / 2, index as u16 % 2);
        page.insert_chart(down * STEP.0, right * STEP.1, &chart)?;
    }
    Ok(())
}

/// A band from P10 to P90 (an area on a base that is not seen) with the line of P50; of one month an upright line
/// from P10 to P90.
fn fan(sheet: &str, shown: &Shown, currency: &str) -> Chart {
    let (first, last) = (shown.rows.0 as u32 - 1, shown.rows.1 as u32 - 1);
    let range = |column: usize| (sheet, first, column as u16, last, column as u16);
    let one = first == last;
    let line = |chart: &mut Chart, column: usize, name: &str, seen: bool| {
        let mut format = ChartFormat::new();
        if seen {
            format.set_line(ChartLine::new().set_color(NAVY).set_width(2.25));
        } else {
            format.set_no_line();
        }
        let series = chart.add_series();
        series
            .set_name(name)
            .set_categories(range(PERIOD))
            .set_values(range(column));
        series.set_format(&mut format);
        if one {
            series.set_marker(
                ChartMarker::new()
                    .set_type(ChartMarkerType::Diamond)
                    .set_size(8),
            );
        }
    };
    let mut chart = if one {
        let mut chart = Chart::new(ChartType::Line);
        line(&mut chart, P10, "P10", false);
        line(&mut chart, P50, "P50", false);
        line(&mut chart, P90, "P90", false);
        chart.set_high_low_lines(true);
        chart
    } else {
        let mut chart = Chart::new(ChartType::AreaStacked);
        let series = chart.add_series();
        series
            .set_name("P10")
            .set_categories(range(PERIOD))
            .set_values(range(P10));
        series.set_format(ChartFormat::new().set_no_fill().set_no_border());
        let band = chart.add_series();
        band.set_name("P10 to P90")
            .set_categories(range(PERIOD))
            .set_values(range(BAND));
        let fill = ChartSolidFill::new()
            .set_color(BLUE)
            .set_transparency(35)
            .clone();
        band.set_format(ChartFormat::new().set_solid_fill(&fill).set_no_border());
        let mut median = Chart::new(ChartType::Line);
        line(&mut median, P50, "P50", true);
        chart.combine(&median);
        chart.legend().delete_entries(&[0]);
        chart.x_axis().set_position_between_ticks(false);
        chart
    };
    let title = format!("{} of {} by month", shown.metric, shown.plan);
    chart
        .title()
        .set_name(&title)
        .set_font(rust_xlsxwriter::ChartFont::new().set_size(12));
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart.y_axis().set_num_format(shown.kind.format());
    if matches!(
        shown.kind,
        super::cell::Kind::Money | super::cell::Kind::Price | super::cell::Kind::Small
    ) {
        chart.y_axis().set_name(currency);
    }
    // Below the plot, also where values are negative.
    chart
        .x_axis()
        .set_label_position(rust_xlsxwriter::ChartAxisLabelPosition::Low);
    chart.set_width(SIZE.0).set_height(SIZE.1);
    chart
}
