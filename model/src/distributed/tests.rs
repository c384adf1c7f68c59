//! Ranks as threads of one process: each has its own group, store connection and sockets.

use std::net::TcpListener;
use std::thread;

use super::*;

/// A port that was free a moment ago.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn launch(rank: usize, world: usize, port: u16) -> Launch {
    Launch {
        rank,
        world,
        local_rank: rank,
        local_world: world,
        master: "127.0.0.1".to_owned(),
        port,
        agent_attempt: None,
        timeout: Duration::from_secs(60),
    }
}

/// Runs a function on each of `world` ranks; gives what they return.
fn on_ranks<T: Send>(world: usize, function: impl Fn(ProcessGroup) -> T + Sync) -> Vec<T> {
    let port = port();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..world)
            .map(|rank| {
                let function = &function;
                scope.spawn(move || {
                    let group = ProcessGroup::join(launch(rank, world, port), Device::Cpu);
                    function(group.unwrap())
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    })
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor).unwrap()
}

#[test]
fn sums_and_copies_reach_all_ranks() {
    let found = on_ranks(3, |group| {
        let rank = group.rank() as f32;
        let sum = Tensor::from_slice(&[rank, 10.0 * rank, 1.0]);
        group.all_reduce_sum(&sum).unwrap();
        let copy = Tensor::from_slice(&[rank; 2]);
        group.broadcast(&copy, 1).unwrap();
        let half = Tensor::from_slice(&[rank + 0.5]).to_kind(Kind::BFloat16);
        group.all_reduce_sum(&half).unwrap();
        group.barrier().unwrap();
        (
            floats(&sum),
            floats(&copy),
            floats(&half.to_kind(Kind::Float)),
        )
    });
    let expected = (vec![3.0, 30.0, 3.0], vec![1.0; 2], vec![4.5]);
    assert_eq!(found, vec![expected; 3]);
}

#[test]
fn flags_tell_which_ranks_have_set_them() {
    let found = on_ranks(3, |group| {
        let odd = group.which(group.rank() != 1).unwrap();
        (
            odd,
            group.any(group.rank() == 2).unwrap(),
            group.any(false).unwrap(),
        )
    });
    assert_eq!(found, vec![(vec![0, 2], true, false); 3]);
}

#[test]
fn sums_repeat_in_every_bit() {
    let sums = || {
        on_ranks(3, |group| {
            let values = Tensor::arange(10_007, (Kind::Float, Device::Cpu));
            let sum = (values * (group.rank() as f64 + 1.0)).sin();
            group.all_reduce_sum(&sum).unwrap();
            floats(&sum)
        })
    };
    let (first, second) = (sums(), sums());
    assert_eq!(first, second);
    assert!(first.iter().all(|sum| *sum == first[0]));
}

#[test]
fn a_rank_that_is_gone_is_named() {
    let found = on_ranks(3, |group| {
        if group.rank() == 1 {
            return String::new(); // its connections close with the group
        }
        group
            .all_reduce_sum(&Tensor::from_slice(&[1f32]))
            .unwrap_err()
            .to_string()
    });
    for rank in [0, 2] {
        assert!(
            found[rank].starts_with(&format!("rank {rank} of 3: rank 1 on ")),
            "{found:?}"
        );
        assert!(found[rank].contains("is gone or hangs"), "{found:?}");
    }
}

#[test]
fn a_rank_that_fails_says_why_also_to_those_who_wait() {
    let found = on_ranks(3, |group| {
        if group.rank() == 2 {
            group.fail("the disk is full");
            return String::new();
        }
        group.barrier().unwrap_err().to_string()
    });
    for said in &found[..2] {
        assert!(
            said.contains("rank 2 on ") && said.contains("the disk is full"),
            "{found:?}"
        );
    }
}

#[test]
fn ranks_that_do_not_come_are_named() {
    let patience = |rank, port| Launch {
        timeout: Duration::from_secs(2),
        ..launch(rank, 3, port)
    };
    let port = port();
    let missing = |rank| match ProcessGroup::join(patience(rank, port), Device::Cpu) {
        Ok(_) => panic!("joined"),
        Err(error) => error.to_string(),
    };
    let alone = missing(2);
    assert!(alone.contains("rank 0 was not reached at"), "{alone}");
    let said = thread::scope(|scope| {
        let other = scope.spawn(|| missing(1));
        let zero = missing(0);
        [zero, other.join().unwrap()]
    });
    for said in said {
        assert!(said.contains("rank 2 did not come within 2 s"), "{said}");
    }
}
