"""Exports as providers write them, in small: the columns are real, the figures invented."""

OPENAI_COSTS = """\
start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id,organization_name
1762128000,1762214400,2025-11-03T00:00:00+00:00,2025-11-04T00:00:00+00:00,0.1336000000000000,usd,"gpt-4o-2024-08-06, input",proj_1,org-1,Personal
1762128000,1762214400,2025-11-03T00:00:00+00:00,2025-11-04T00:00:00+00:00,0.00720000000000000,usd,"gpt-4o-2024-08-06, cached input",proj_1,org-1,Personal
1762128000,1762214400,2025-11-03T00:00:00+00:00,2025-11-04T00:00:00+00:00,0.10646,usd,"gpt-4o-2024-08-06, output",proj_1,org-1,Personal
1762214400,1762300800,2025-11-04T00:00:00+00:00,2025-11-05T00:00:00+00:00,,,,,,
"""
OPENAI_USAGE = """\
start_time\tend_time\tstart_time_iso\tend_time_iso\tproject_id\tnum_model_requests\tuser_id\tapi_key_id\tmodel\tbatch\tservice_tier\tinput_tokens\toutput_tokens\tinput_cached_tokens\tinput_uncached_tokens
1762128000\t1762214400\t2025-11-03T00:00:00+00:00\t2025-11-04T00:00:00+00:00\tproj_1\t10.0\tuser-1\tkey_1\tgpt-4o-2024-08-06\tFALSE\tdefault\t59200.0\t10646.0\t5760.0\t53440.0
1762128000\t1762214400\t2025-11-03T00:00:00+00:00\t2025-11-04T00:00:00+00:00\tproj_1\t1.0\tuser-1\tkey_2\tgpt-4o-2024-08-06\tTRUE\tdefault\t800.0\t200.0\t0.0\t800.0
1762214400\t1762300800\t2025-11-04T00:00:00+00:00\t2025-11-05T00:00:00+00:00\t\t\t\t\t\t\t\t\t\t\t
"""
ANTHROPIC_USAGE = """\
usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2025-11-03,claude-haiku-4-5-20251001,demo,Default,standard,≤ 200k,46981,15969,1000,50,16932,0,global,
2025-11-03,claude-haiku-4-5-20251001,demo,Default,batch,≤ 200k,1,0,0,0,2,0,global,
"""
ANTHROPIC_COSTS = """\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed
2025-11-03,Claude Haiku 4.5,Default,demo,message,≤ 200k,input_no_cache,0.05,0.05,token,not_available,
2025-11-03,Claude Haiku 4.5,Default,demo,message,≤ 200k,output,0.02,0.02,token,not_available,
"""
OPENROUTER = """\
generation_id,created_at,cost_total,cost_web_search,cost_cache,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,finish_reason_normalized
gen-1,2025-11-03 18:54:30.040,0.00012345,0,0,0,120,40,0,20,anthropic/claude-4.5-haiku-20251001,Anthropic,stop
gen-2,2025-11-03 23:59:59.999,1e-05,0,0,0,10,4,0,,anthropic/claude-4.5-haiku-20251001,Anthropic,stop
"""
