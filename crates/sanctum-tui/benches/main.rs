//! Benches of the screen: `cargo bench -p sanctum-tui`.

#[path = "main/frame.rs"]
mod frame;

fn main() {
    let mut criterion = criterion::Criterion::default().configure_from_args();
    frame::frames(&mut criterion);
    criterion.final_summary();
}
