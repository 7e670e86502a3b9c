# ruff: noqa: E501 - a table is read line by line
"""What the kit has to catch: the fault, the store that has it, and the tests of the contract that must fail."""

from __future__ import annotations

from typing import Final

from tests.contract.broken import appending, definitions, feed, idempotency, judging, lists, living, racing, values
from tests.contract.broken.base import Fault, breaking
from tests.contract.harness import MemoryHarness

CONTROL: Final = Fault("nothing", MemoryHarness, ())
"""The store that everything here is made from: whatever catches a fault passes on it."""


def _fault(name: str, harness: type[MemoryHarness], *caught_by: str) -> Fault:
    return Fault(name, harness, caught_by)


FAULTS: Final = (
    # Appending
    _fault("drops the last of a batch", breaking(events=appending.DropsTheLast), "TestAppending::test_batch_is_all_there"),
    _fault("is not atomic", breaking(events=appending.CommitsOneByOne), "TestAtomicity::test_nothing_is_stored", "TestAtomicity::test_nothing_is_told"),
    _fault("counts what was rolled back", breaking(events=appending.CountsBeforeItWrites), "TestAtomicity::test_nothing_is_counted"),
    _fault("judges a batch as a set", appending.UnorderedHarness, "TestAppending::test_ok_fail_ok_in_one_batch"),
    _fault("answers in another order", breaking(events=appending.AnswersInTheOrderOfIds), "TestAppending::test_outcomes_are_in_the_order_of_the_events"),
    _fault("takes less than it declares", breaking(events=appending.TakesLess), "TestAppending::test_largest_batch"),
    _fault("numbers refused events", breaking(events=appending.NumbersRefusedEvents), "TestAppending::test_refused_event_takes_no_number"),
    _fault("counts refused events", breaking(events=appending.CountsRefusedEvents), "TestCounting::test_refused_events_do_not_count"),
    _fault("counts conflicts", breaking(events=appending.CountsConflicts), "TestStatistics::test_conflicts_do_not_count"),
    _fault("tells of conflicts", breaking(events=appending.TellsConflicts), "TestIdempotency::test_conflict_tells_the_feed_nothing"),
    # Idempotency
    _fault("overwrites a known id", breaking(events=idempotency.OverwritesKnownIds), "TestIdempotency::test_same_id_is_a_replay", "TestIdempotency::test_conflict_changes_nothing"),
    _fault("ignores idempotency keys", breaking(events=idempotency.IgnoresKeys), "TestIdempotency::test_same_key_is_a_replay"),
    _fault("shares keys between owners", breaking(events=idempotency.SharesKeys), "TestIdempotency::test_keys_belong_to_their_owner"),
    _fault("folds the case of keys", breaking(events=idempotency.FoldsKeys), "TestIdempotency::test_keys_are_case_sensitive"),
    _fault("forgets what a retried event caused", breaking(events=idempotency.ForgetsWhatARetryCaused), "TestIdempotency::test_replay_returns_the_first_transitions"),
    _fault("names one field of a conflict", breaking(events=idempotency.NamesOneField), "TestIdempotency::test_conflict_names_every_field"),
    _fault("compares times that were not given", breaking(events=idempotency.ComparesGeneratedTimes), "TestIdempotency::test_omitted_time_is_not_compared"),
    # Verdicts and transitions
    _fault("skips a second completion", judging.ForgetfulHarness, "TestGates::test_failure_reopens_success_completes_again"),
    _fault("doubles a transition", breaking(events=judging.DoublesTransitions), "TestGates::test_transitions_are_kept"),
    _fault("misses a reopened", breaking(events=judging.MissesReopened), "TestGates::test_failure_reopens_success_completes_again"),
    _fault("judges one group per event", breaking(events=judging.JudgesOneGroup), "TestGates::test_shared_receiver"),
    _fault("takes the latest by the caller's time", breaking(groups=judging.LatestByTime), "TestAppending::test_late_news_are_the_latest"),
    _fault("takes the latest by id", breaking(groups=judging.LatestById), "TestGates::test_latest_has_any_id"),
    _fault("sorts the gates of a verdict", breaking(groups=judging.SortsGates), "TestGates::test_gates_keep_the_order_of_the_group"),
    _fault("answers for now when asked for the past", breaking(groups=judging.AnswersForNow), "TestPast::test_verdict_as_of_each_position"),
    _fault("leaves a position out of its past", breaking(groups=judging.AnswersForTheDayBefore), "TestPast::test_verdict_as_of_each_position"),
    _fault("begins a re-evaluation again", breaking(groups=judging.BeginsAgain), "TestDefinitions::test_small_chunks_reach_every_unit"),
    _fault("misses the last chunk of a re-evaluation", breaking(groups=judging.MissesTheLastChunk), "TestDefinitions::test_small_chunks_reach_every_unit"),
    _fault("re-evaluates by present receivers alone", breaking(groups=judging.ForgetsUnitsOfRemovedReceivers), "TestDefinitions::test_reevaluation_reaches_units_of_removed_receivers"),
    _fault("judges when a group is created", breaking(groups=judging.JudgesWhenDefined), "TestDefinitions::test_new_group_judges_nothing"),
    _fault("leaves a field out of a unit's key", breaking(events=judging.MixesPlatforms), "TestAppending::test_units_differ_in_any_field"),
    # Receivers and groups
    _fault("forgets a revision", breaking(groups=definitions.ForgetsRevisions), "TestGroupChanges::test_revisions_are_kept", "TestPast::test_past_revision_judges"),
    _fault("forgets deleted groups", breaking(groups=definitions.ForgetsDeletedGroups), "TestGroupChanges::test_deletion_keeps_revisions_and_transitions"),
    _fault("lets the last writer win", breaking(groups=definitions.LastWriterWins), "TestGroupChanges::test_store_sees_a_stale_revision"),
    _fault("lets the last writer of a receiver win", breaking(receivers=definitions.LastReceiverWins), "TestReceiverChanges::test_store_sees_a_stale_revision"),
    _fault("sorts the receivers of a group", breaking(groups=definitions.SortsReceivers), "TestGroups::test_receivers_keep_their_order"),
    _fault(
        "keeps the receivers that a group let go",
        breaking(groups=definitions.KeepsOldMembers),
        "TestDefinitions::test_event_of_a_removed_receiver_judges_nothing",
        "TestDefinitions::test_event_after_disabling_judges_nothing",
        "TestGroupChanges::test_removed_receiver_makes_room",
        "TestGroupChanges::test_disabled_group_makes_room",
    ),
    _fault("cannot disable a group", breaking(groups=definitions.JudgesDisabledGroups), "TestDefinitions::test_disabled_is_pending"),
    _fault("deletes receivers of earlier revisions", breaking(receivers=definitions.ForgetsOldMembers), "TestReceiverChanges::test_used_by_an_earlier_revision"),
    _fault("changes receivers that have events", breaking(receivers=definitions.ChangesUsedReceivers), "TestReceiverChanges::test_used_receiver_keeps_its_schema"),
    _fault("gives ids of the deleted away", breaking(receivers=definitions.FreesIds), "TestReceiverChanges::test_id_is_never_free_again"),
    _fault("knows no case in names", breaking(receivers=definitions.KnowsNoCase), "TestReceivers::test_identity_is_exact"),
    _fault("sorts the keys of a schema", breaking(receivers=definitions.SortsSchemas), "TestReceivers::test_schema_keeps_its_order"),
    _fault("tells of a creation twice", breaking(receivers=definitions.TellsRetries), "TestReceivers::test_creating_again_is_not_told"),
    _fault("raises a foreign exception", breaking(receivers=definitions.RaisesKeyErrors), "TestReceivers::test_missing"),
    # Lists
    _fault("repeats a row at the border of a page", breaking(events=lists.RepeatsAtTheBorder), "TestPages::test_walk_meets_every_event_once"),
    _fault("skips a row at the border of a page", breaking(events=lists.SkipsAtTheBorder), "TestPages::test_walk_meets_every_event_once"),
    _fault("begins a list again", breaking(events=lists.BeginsAgain), "TestPages::test_walk_meets_every_event_once"),
    _fault("pages by time alone", breaking(events=lists.PagesByTimeAlone), "TestPages::test_walk_meets_every_event_once"),
    _fault("pages by offset", breaking(events=lists.PagesByOffset), "TestPages::test_newer_events_do_not_disturb_a_walk_back"),
    _fault("brings pages of any size", breaking(events=lists.BringsAnySize), "TestPages::test_page_ends_when_it_has_brought_enough_bytes"),
    _fault("ends a list with a cursor", breaking(events=lists.EndsWithACursor), "TestPages::test_end_has_no_cursor"),
    _fault("knows wildcards", breaking(events=lists.KnowsWildcards), "TestFilters::test_contained_text_is_literal"),
    _fault("folds only ASCII", breaking(events=lists.FoldsOnlyAscii), "TestFilters::test_contained_text_is_folded"),
    _fault("closes ranges", breaking(events=lists.ClosesRanges), "TestFilters::test_range_is_half_open"),
    _fault("takes no ids for no filter", breaking(events=lists.TakesNoIdsForNoFilter), "TestFilters::test_no_ids"),
    _fault("calls every count exact", breaking(events=lists.CountsToTheBound), "TestCounting::test_stops_at_its_bound"),
    _fault("swallows a damaged row", breaking(events=lists.SwallowsDamage), "TestDamagedRows::test_list"),
    _fault("breaks a page at a damaged row", breaking(events=lists.BreaksAtDamage), "TestDamagedRows::test_list"),
    _fault("hands out a damaged row", breaking(events=lists.TrustsItsRows), "TestDamagedRows::test_read"),
    # Values
    _fault("loses the time zone", breaking(events=values.LosesTheZone), "TestValues::test_times_come_back"),
    _fault("cuts microseconds", breaking(events=values.CutsMicroseconds), "TestValues::test_times_come_back"),
    _fault("rewrites JSON", breaking(events=values.RewritesJson), "TestValues::test_row_is_the_canonical_text"),
    _fault("strips text", breaking(events=values.StripsText), "TestAppending::test_given_fields_are_kept"),
    _fault("normalizes text", breaking(events=values.NormalizesText), "TestValues::test_text_is_exact"),
    _fault("counts bytes for characters", breaking(events=values.CutsText), "TestValues::test_longest_text"),
    _fault("shares the payload it hands out", breaking(events=values.SharesPayloads), "TestValues::test_payload_is_fresh"),
    _fault("hands out its list of transitions", breaking(groups=values.HandsOutItsLists), "TestGates::test_answer_is_the_callers"),
    _fault("hands out its list of revisions", breaking(groups=values.HandsOutItsRevisions), "TestGroupChanges::test_answer_is_the_callers"),
    _fault("keeps the salt of a redacted event", breaking(events=values.KeepsTheSalt), "TestRedaction::test_nothing_of_it_is_stored"),
    _fault("tells a redaction twice", breaking(events=values.RedactsAgain), "TestRedaction::test_again_changes_nothing"),
    _fault("keeps a redacted payload in the feed", breaking(feed=values.KeepsACopyInTheFeed, events=values.WritesACopyForTheFeed), "TestFeed::test_redacted_event_is_told_redacted"),
    # The feed
    _fault("skips a position", breaking(feed=feed.SkipsAPosition), "TestFeed::test_positions_are_dense"),
    _fault("begins the feed again", breaking(feed=feed.BeginsAgain), "TestFeed::test_reading_from_a_position"),
    _fault("loses a change", breaking(feed=feed.LosesAChange), "TestFeed::test_positions_are_dense"),
    _fault("tells transitions before their event", breaking(events=feed.TellsTransitionsFirst), "TestFeed::test_transition_follows_its_cause"),
    _fault("tells transitions after the batch", breaking(events=feed.TellsTransitionsLast), "TestFeed::test_event_then_its_transitions_then_the_next"),
    _fault("accepts a cursor beyond the head", breaking(feed=feed.AcceptsAnyPosition), "TestFeed::test_reading_beyond_the_head", "TestFeed::test_cursor_beyond_the_head"),
    _fault("accepts a cursor of another history", breaking(feed=feed.AcceptsAnyHistory), "TestFeed::test_cursor_of_another_history"),
    _fault("has the same change ids everywhere", breaking(feed=feed.NumbersItsChanges), "TestFeed::test_cursor_of_another_store"),
    _fault("forgets who did it", breaking(feed=feed.ForgetsWhoDidIt), "TestAppending::test_actor_is_the_principal"),
    _fault("leaves damage out of the feed", breaking(feed=feed.LeavesDamageOut), "TestDamagedRows::test_feed"),
    _fault("stops the feed at damage", breaking(feed=feed.StopsAtDamage), "TestDamagedRows::test_feed"),
    _fault("brings payloads unasked", breaking(feed=feed.BringsPayloads), "TestFeed::test_payloads_are_left_out"),
    _fault("brings pages of the feed of any size", breaking(feed=feed.BringsAnySize), "TestFeed::test_page_ends_when_it_has_brought_enough_bytes"),
    _fault("stamps changes when they are read", breaking(feed=feed.OwnClock), "TestFeed::test_time_is_the_stores"),
    # Its life, and its subscribers
    _fault("answers when it is closed", breaking(events=living.AnswersWhenClosed), "TestLifecycle::test_read_after_close"),
    _fault("takes a receiver when it is closed", breaking(receivers=living.TakesWhenClosed), "TestLifecycle::test_create_after_close"),
    _fault("belongs to a thread", breaking(receivers=living.BelongsToAThread), "TestLifecycle::test_another_thread"),
    _fault("wakes nobody", living.WaitingHarness, "TestWaiting::test_news_are_there"),
    _fault("forgets everything at a restart", living.ForgettingHarness, "TestDurability::test_everything_is_there", "TestDurability::test_replay_is_recognised"),
    _fault("declares less than it can", living.ModestHarness, "TestCapabilities::test_harness_and_store_agree"),
    _fault("never lets a lease expire", breaking(subscriptions=living.NeverExpires), "TestLeases::test_expired"),
    _fault("holds a lease at its end", breaking(subscriptions=living.HoldsAtTheEnd), "TestLeases::test_end_is_exact"),
    _fault("gives a lease to two", breaking(subscriptions=living.NeverHeld), "TestLeases::test_one_holder"),
    _fault("lets an old token advance", breaking(subscriptions=living.IgnoresTokens), "TestLeases::test_overtaken_holder_moves_nothing"),
    _fault("counts tokens anew after a deletion", breaking(subscriptions=living.CountsTokensAnew), "TestLeases::test_deletion_does_not_reset_the_fence"),
    _fault("lets a cursor go back", breaking(subscriptions=living.GoesBack), "TestLeases::test_an_earlier_change_moves_nothing"),
    _fault("lets a cursor go anywhere", breaking(subscriptions=living.GoesAnywhere), "TestLeases::test_cursor_must_be_in_this_history"),
    _fault("parks without passing", breaking(subscriptions=living.ParksAndStays), "TestLeases::test_parking_advances"),
    _fault("repeats what is parked", breaking(subscriptions=living.RepeatsWhatIsParked), "TestDelivery::test_parked_from_a_position"),
    _fault("subscribes at a place of another history", breaking(subscriptions=living.StartsAnywhere), "TestDelivery::test_start_must_be_in_this_history"),
    # Races
    _fault("looks and then inserts", breaking(events=racing.LooksThenInserts), "TestConcurrency::test_same_event"),
    _fault("inserts and then checks", breaking(events=racing.InsertsThenChecks), "TestConcurrency::test_last_two_receivers"),
    _fault("reads the last number and then inserts", breaking(events=racing.NumbersThenInserts), "TestConcurrency::test_numbers_of_a_unit"),
    _fault("shows positions late", breaking(feed=racing.ShowsPositionsLate), "TestConcurrency::test_follower_misses_nothing"),
)  # fmt: skip
"""Every fault; each is caught by each of its tests, and by whatever else notices it."""


def harness_of(name: str) -> type[MemoryHarness]:
    """Return the harness of a fault, by its name."""
    [found] = [fault.harness for fault in (CONTROL, *FAULTS) if fault.name == name]
    return found
