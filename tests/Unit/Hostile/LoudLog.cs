using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>Keeps what is logged at Error or above: a client's fault must leave nothing here.</summary>
internal sealed class LoudLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _entries = new();

    public void MustBeSilent(string after)
    {
        if (_entries.TryPeek(out string? entry))
        {
            Assert.Fail($"logged after {after}: {entry}");
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && _entries.Count < 100)
        {
            _entries.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
    }
}
