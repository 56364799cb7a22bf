using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support;

/// <summary>Keeps what is logged at Error or above: the fault of a client, or of a server that is away, must leave nothing here.</summary>
public sealed class LoudLog : ILoggerFactory, ILogger
{
    private const int MaxEntries = 100;

    private readonly ConcurrentQueue<string> _entries = new();
    private int _warnings;

    /// <summary>How many lines there were at Warning.</summary>
    public int Warnings => Volatile.Read(ref _warnings);

    /// <summary>Fails with the first line, if there is one.</summary>
    public void MustBeSilent(string after)
    {
        if (_entries.TryPeek(out string? entry))
        {
            throw new XunitException($"logged after {after}: {entry}");
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider)
    {
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (logLevel == LogLevel.Warning)
        {
            Interlocked.Increment(ref _warnings);
        }
        else if (IsEnabled(logLevel) && _entries.Count < MaxEntries)
        {
            _entries.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
