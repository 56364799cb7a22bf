using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Bridge.Mapping.Rules;

namespace ProtoBridgeMQ.Gateway.Mapping;

/// <summary>
/// Puts the rules of the settings file in force again when it changes. A file that is wrong changes nothing: it is said
/// what is wrong, and counted.
/// </summary>
internal sealed class RulesReload : IHostedService, IDisposable
{
    /// <summary>How long the file must rest: editors write several times.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly string _file;
    private readonly NameMapping _mapping;
    private readonly MappingMetrics _metrics;
    private readonly ILogger<RulesReload> _logger;
    private readonly ITimer _rest;
    private readonly SemaphoreSlim _reading = new(1, 1);
    private FileSystemWatcher? _watcher;

    /// <summary>Watches nothing before it is started.</summary>
    public RulesReload(string file, NameMapping mapping, MappingMetrics metrics, TimeProvider clock, ILogger<RulesReload> logger)
    {
        _file = Path.GetFullPath(file);
        _mapping = mapping;
        _metrics = metrics;
        _logger = logger;
        _rest = clock.CreateTimer(_ => _ = ReadAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "A system without watches left must not keep the gateway from starting; it is said.")]
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The directory: files are also replaced by renaming, and by links that change.
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(_file)!)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
            };
            _watcher.Changed += (_, _) => Touched();
            _watcher.Created += (_, _) => Touched();
            _watcher.Renamed += (_, _) => Touched();
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception failure)
        {
            MappingLog.NotWatched(_logger, _file, failure.Message);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _watcher?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watcher?.Dispose();
        _rest.Dispose();
        _reading.Dispose();
    }

    /// <summary>Something in the directory changed: the file is read once it has rested.</summary>
    public void Touched() => _rest.Change(Rest, Timeout.InfiniteTimeSpan);

    /// <summary>Reads the file and puts its rules in force, if they are other ones.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Nobody awaits it; the rules in force stay.")]
    public async Task ReadAsync()
    {
        await _reading.WaitAsync().ConfigureAwait(false);
        try
        {
            IReadOnlyList<string> wrong = RulesFile.TryRead(_file, out RuleSet? rules);
            if (rules is null)
            {
                _metrics.Refused();
                MappingLog.Refused(_logger, _file, string.Join("; ", wrong));
                return;
            }

            if (rules.Rules.SequenceEqual(_mapping.Rules.Rules))
                return;
            await _mapping.ChangeAsync(rules).ConfigureAwait(false);
            _metrics.Loaded();
            MappingLog.Loaded(_logger, _file, rules.Count);
        }
        catch (Exception failure)
        {
            _metrics.Refused();
            MappingLog.Refused(_logger, _file, failure.Message);
        }
        finally
        {
            _reading.Release();
        }
    }
}
