//! Functions, procedures, aggregates, and operators.

/// A routine's name has its arguments' types behind it, as pg_dump writes them. What only a superuser
/// may give, the mark LEAKPROOF, is an aspect of its own. What an aggregate says of a final function
/// that it has not is lost in a dump, and means nothing.
pub(super) const SQL: &str = "
    , routines AS (
      SELECT p.*, n.nspname, lanname, format('%s(%s)', proname, (
        SELECT string_agg(format_type(of_argument, NULL), ', ' ORDER BY place)
        FROM unnest(proargtypes) WITH ORDINALITY arguments (of_argument, place))) AS signature
      FROM pg_proc p JOIN spaces n ON n.oid = pronamespace JOIN pg_language l ON l.oid = prolang
      WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_proc'::regclass, p.oid)))
    SELECT CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END::text, nspname::text, NULL::text, signature, false,
      pg_get_functiondef(oid) || ';',
      ARRAY['arguments', pg_get_function_arguments(oid), 'result', pg_get_function_result(oid), 'language', lanname::text,
        'body', CASE WHEN prosqlbody IS NULL THEN prosrc END, 'SQL body', pg_get_function_sqlbody(oid), 'library', probin::text,
        'volatility', CASE provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
        'null input', CASE WHEN proisstrict THEN 'STRICT' ELSE 'called' END,
        'security', CASE WHEN prosecdef THEN 'SECURITY DEFINER' ELSE 'SECURITY INVOKER' END,
        'mark LEAKPROOF', CASE WHEN proleakproof THEN 'LEAKPROOF' END,
        'parallel safety', CASE proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END,
        'cost', procost::text, 'rows', prorows::text, 'support', NULLIF(prosupport::oid, 0)::regproc::text,
        'form', CASE prokind WHEN 'w' THEN 'window function' END,
        'transforms', (SELECT string_agg(format_type(of_type, NULL), ', ') FROM unnest(protrftypes) of_type),
        'settings', (SELECT string_agg(setting, ', ' ORDER BY setting COLLATE \"C\") FROM unnest(proconfig) setting),
        'comment', obj_description(oid, 'pg_proc')]::text[]
    FROM routines WHERE prokind <> 'a'
    UNION ALL
    SELECT 'aggregate', nspname, NULL, signature, false, NULL,
      ARRAY['arguments', pg_get_function_arguments(p.oid), 'result', pg_get_function_result(p.oid),
        'definition', concat_ws(', ', aggtransfn::text, aggfinalfn::text, aggcombinefn::text, aggserialfn::text, aggdeserialfn::text,
           aggmtransfn::text, aggminvtransfn::text, aggmfinalfn::text, CASE WHEN aggfinalfn <> 0 THEN concat(aggfinalextra, aggfinalmodify) END,
           CASE WHEN aggmfinalfn <> 0 THEN concat(aggmfinalextra, aggmfinalmodify) END, aggkind::text, aggnumdirectargs::text, format_type(NULLIF(aggtranstype, 0), NULL), aggtransspace::text,
           format_type(NULLIF(aggmtranstype, 0), NULL), aggmtransspace::text, (SELECT oid::regoperator::text FROM pg_operator WHERE oid = aggsortop)),
        'state type', format_type(aggtranstype, NULL), 'initial value', agginitval, 'moving initial value', aggminitval,
        'parallel safety', CASE proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END,
        'comment', obj_description(p.oid, 'pg_proc')]::text[]
    FROM routines p JOIN pg_aggregate a ON aggfnoid = p.oid
    UNION ALL
    SELECT 'operator', n.nspname, NULL, format('%s (%s, %s)', oprname, format_type(NULLIF(oprleft, 0), NULL), format_type(NULLIF(oprright, 0), NULL)),
      false, NULL,
      ARRAY['function', oprcode::oid::regprocedure::text, 'result', format_type(oprresult, NULL), 'commutator', NULLIF(oprcom, 0)::regoperator::text,
        'negator', NULLIF(oprnegate, 0)::regoperator::text, 'restriction', NULLIF(oprrest::oid, 0)::regproc::text,
        'join selectivity', NULLIF(oprjoin::oid, 0)::regproc::text, 'joins', concat_ws(', ', CASE WHEN oprcanmerge THEN 'MERGES' END,
        CASE WHEN oprcanhash THEN 'HASHES' END), 'comment', obj_description(o.oid, 'pg_operator')]::text[]
    FROM pg_operator o JOIN spaces n ON n.oid = oprnamespace WHERE oprcode <> 0
      AND NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_operator'::regclass, o.oid))
    UNION ALL
    SELECT 'cast', NULL, NULL, format('CAST (%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)), false,
      CASE castmethod WHEN 'f' THEN format('CREATE CAST (%s AS %s) WITH FUNCTION %s%s;', format_type(castsource, NULL), format_type(casttarget, NULL),
        castfunc::regprocedure, CASE castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END) END,
      ARRAY['function', NULLIF(castfunc, 0)::regprocedure::text, 'method', castmethod::text, 'context', castcontext::text,
        'comment', obj_description(k.oid, 'pg_cast')]::text[]
    FROM pg_cast k WHERE k.oid >= 16384 AND NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_cast'::regclass, k.oid))";
