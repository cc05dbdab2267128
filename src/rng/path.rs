//! Which vector instructions the loops use, chosen when the program runs.

use fearless_simd::{Level, Simd};

/// A set of vector instructions.
///
/// One binary holds the loops in up to three forms and uses the widest that the machine has. All
/// forms do the same exact operations (+, −, ×, ÷, √ of IEEE 754, integers and bits, each rounded by
/// itself) in the same order, so they give the same bits; tests hold those that the machine has to
/// that.
///
/// ```
/// use influencer_matrix::rng::Path;
///
/// let mut values: Vec<f64> = (0..100).map(f64::from).collect();
/// for path in Path::available() {
///     let values = &mut values;
///     path.run(
///         #[inline(always)]
///         move || values.iter_mut().for_each(|x| *x *= 2.0),
///     );
/// }
/// assert_eq!(values[1], 2_f64.powi(Path::available().len() as i32));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Path {
    /// What every machine of the target has: SSE2 on x86-64, Neon on 64-bit Arm.
    Baseline,
    /// AVX2 with its companions (x86-64-v3).
    Avx2,
    /// AVX-512 as of Ice Lake.
    Avx512,
}

impl Path {
    /// All paths, narrowest first.
    const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The widest path of this machine.
    #[must_use]
    pub fn best() -> Self {
        let widest = Self::ALL.into_iter().rev().find(|path| path.is_available());
        widest.unwrap_or(Self::Baseline)
    }

    /// The paths of this machine, narrowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut all = Self::ALL.to_vec();
        all.retain(|path| path.is_available());
        all
    }

    fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Level::new().as_avx2().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Level::new().as_avx512().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Runs a closure compiled for the path; on a machine without it, for the next narrower one
    /// there. What is to use its instructions must be inlined into the closure.
    #[inline]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        struct Closure<F>(F);
        impl<F: FnOnce() -> R, R> Work for Closure<F> {
            type Output = R;

            #[inline(always)]
            fn run<S: Simd>(self, _: S) -> R {
                (self.0)()
            }
        }
        self.work(Closure(work))
    }

    /// The same for work that names vectors itself.
    #[inline]
    pub(crate) fn work<W: Work>(self, work: W) -> W::Output {
        let level = Level::new();
        #[cfg(target_arch = "x86_64")]
        {
            if self >= Self::Avx512
                && let Some(simd) = level.as_avx512()
            {
                return on(simd, work);
            }
            if self >= Self::Avx2
                && let Some(simd) = level.as_avx2()
            {
                return on(simd, work);
            }
            match level.as_sse2() {
                Some(simd) => on(simd, work),
                None => unreachable!("SSE2 is part of x86-64"),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        fearless_simd::dispatch!(level, simd => on(simd, work))
    }
}

#[inline(always)]
fn on<S: Simd, W: Work>(simd: S, work: W) -> W::Output {
    simd.vectorize(
        #[inline(always)]
        move || work.run(simd),
    )
}

/// Work that is compiled for every path.
pub(crate) trait Work {
    /// What it gives.
    type Output;

    /// Does the work; implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}
