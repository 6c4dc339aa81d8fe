//! temp
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::learner::Learner;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let task = Task::from_name(&a[1]).unwrap();
    let seeds: u64 = a[2].parse().unwrap();
    for seed in 1..=seeds {
        let mut c = Config::default_run(task, seed);
        for kv in &a[3..] {
            let (k, v) = kv.split_once('=').unwrap();
            let f: f64 = v.parse().unwrap_or(0.0);
            match k {
                "lr" => c.hyper.learning_rate = f, "gamma" => c.hyper.gamma = f, "lam" => c.hyper.gae_lambda = f,
                "passes" => c.hyper.passes = f as u32, "mb" => c.hyper.minibatch_size = f as u32, "ent" => c.hyper.entropy_coef = f,
                "clip" => c.hyper.clip_range = f, "kl" => c.hyper.target_kl = Some(f), "gn" => c.hyper.max_grad_norm = f,
                "vc" => c.hyper.value_coef = f, "rs" => c.hyper.reward_scale = f, "steps" => c.requested_batches = f as u64 / (u64::from(c.n_envs * c.max_epochs)),
                "envs" => c.n_envs = f as u32, "epochs" => c.max_epochs = f as u32, "ls" => c.hyper.log_std = f,
                "hid" => c.hyper.hidden = vec![f as u32; 2],
                _ => panic!(),
            }
        }
        let t = std::time::Instant::now();
        let mut l = Learner::new(&c, |_| task.make()).unwrap();
        let mut returns: Vec<f64> = vec![];
        let mut curve = vec![]; let mut first = None; let mut worst = f64::INFINITY;
        let (mut g, mut kl, mut cf, mut ev, mut ent) = (vec![], vec![], vec![], vec![], vec![]);
        for b in 1..=c.requested_batches {
            let r = l.collect(&c, &|| false, &mut |s| if s.terminated || s.truncated { returns.push(s.episode.total) }).unwrap();
            let u = l.update(&c, &r, c.hyper.learning_rate_at(b, c.requested_batches));
            g.push(u.stats.gradients.grad_norm.unwrap_or(0.)); kl.push(u.stats.policy.kl_divergence.unwrap()); cf.push(u.stats.policy.clip_fraction.unwrap());
            ev.push(u.stats.rollout.explained_variance.unwrap_or(f64::NAN)); ent.push(u.stats.policy.entropy.unwrap());
            let tail = &returns[returns.len().saturating_sub(100)..];
            let m = tail.iter().sum::<f64>() / tail.len() as f64;
            if first.is_none() && returns.len() >= 100 && m >= 475.0 { first = Some(b * u64::from(c.n_envs * c.max_epochs)); }
            if first.is_some() { worst = worst.min(m); }
            if b % (c.requested_batches / 8) == 0 { curve.push(m.round()); }
        }
        let tail = &returns[returns.len().saturating_sub(100)..];
        let med = |v: &mut Vec<f64>| { v.sort_by(f64::total_cmp); (v[v.len()/10], v[v.len()/2], v[v.len()*9/10]) };
        println!("seed {seed} {:.1}s final {:.1} first475 {first:?} worst {worst:.0} {curve:?} eps {}\n   g {:.3?} kl {:.4?} cf {:.3?} ev {:.3?} ent {:.3?}", t.elapsed().as_secs_f64(), tail.iter().sum::<f64>() / tail.len() as f64, returns.len(), med(&mut g), med(&mut kl), med(&mut cf), med(&mut ev), med(&mut ent));
    }
}
