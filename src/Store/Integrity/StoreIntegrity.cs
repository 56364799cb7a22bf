namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>What is known of damage to what is stored. Thread-safe.</summary>
public sealed class StoreIntegrity
{
    private readonly DamageReports _reports;

    internal StoreIntegrity(DamageReports reports) => _reports = reports;

    /// <summary>Damaged records and queue entries met since the store was opened.</summary>
    public long DamageCount => _reports.Count;

    /// <summary>The first of them, up to <see cref="StoreOptions.MaxDamagesKept"/>. Makes a list.</summary>
    public IReadOnlyList<Damage> Damages => _reports.Known;
}
