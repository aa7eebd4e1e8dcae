//! The closed model: a user sends, waits for the answer, thinks, and sends again.

use crate::model::Think;
use crate::recorder::Failure;
use crate::rng::Rng;
use crate::session::Session;
use std::rc::Rc;
use std::time::Duration;

/// A user who could not connect waits at least this long, so that a dead target costs neither
/// side a flood of attempts.
const CONNECT_PAUSE: Duration = Duration::from_millis(100);

/// Lives until the session is closed; `number` sets the user's random stream and first path.
pub(crate) async fn user(session: Rc<Session>, number: u32, think: Think) {
    let mut rng = Rng::of_user(session.options.seed, number.into());
    let mut client = session.client();
    let mut due_us = micros(think.first(&mut rng));
    for turn in u64::from(number).. {
        let pausing = due_us > session.now_us();
        if pausing {
            session.sleep_until(due_us).await;
        }
        if session.is_closed() {
            return;
        }
        let sent_us = session.now_us();
        if pausing {
            session.lateness.borrow_mut().add(sent_us.saturating_sub(due_us));
        }
        session.start(sent_us);
        let end = client.exchange(session.requests.pick(turn, &mut rng)).await;
        let now_us = session.now_us();
        session.finish(sent_us, now_us, end);
        let mut pause = think.draw(&mut rng);
        if end == Err(Failure::Connect) {
            pause = pause.max(CONNECT_PAUSE);
        }
        due_us = now_us + micros(pause);
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}
