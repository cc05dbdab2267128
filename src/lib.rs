//! Influencer Matrix: portfolio optimization and simulation for creator marketing.

