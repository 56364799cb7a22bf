namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>What is known of damage to what is stored. Thread-safe.</summary>
public sealed class StoreIntegrity
{
    private readonly DamageReports _reports;
    private readonly LogScrub _scrub;

    internal StoreIntegrity(DamageReports reports, LogScrub scrub)
    {
        _reports = reports;
        _scrub = scrub;
    }

    /// <summary>Damaged records and queue entries met since the store was opened.</summary>
    public long DamageCount => _reports.Count;

    /// <summary>The first of them, up to <see cref="StoreOptions.MaxDamagesKept"/>. Makes a list.</summary>
    public IReadOnlyList<Damage> Damages => _reports.Known;

    /// <summary>How far the scrub is.</summary>
    public ScrubProgress Scrub => _scrub.Progress;

    /// <summary>Reads and checks all that is durable now, as fast as it goes. For tests and tools: it does so by itself every <see cref="StoreOptions.ScrubInterval"/>.</summary>
    public void ScrubNow() => _scrub.Pass();
}
