use super::Context;
use super::answer::{Answer, Failure};
use super::args::InitArgs;
pub fn run(_: &Context<'_>, _: &InitArgs) -> Result<Answer, Failure> {
    todo!()
}
