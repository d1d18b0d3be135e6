CREATE SUBSCRIPTION since_16 CONNECTION '' PUBLICATION p WITH (connect = false, streaming = parallel, password_required = false, run_as_owner = true, origin = none);
CREATE SUBSCRIPTION still CONNECTION '' PUBLICATION p WITH (connect = false, streaming = off);
