namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Which handler serves which request code. Filled at start-up, then only read.</summary>
public sealed class RequestRoutes
{
    private readonly Dictionary<int, IRequestHandler> _handlers = [];

    /// <summary>Adds a handler for a code that has none yet.</summary>
    public RequestRoutes Add(int code, IRequestHandler handler)
    {
        _handlers.Add(code, handler);
        return this;
    }

    /// <summary>The codes that are served.</summary>
    public IReadOnlyCollection<int> Codes => _handlers.Keys;

    /// <summary>The handler of a code, or null.</summary>
    public IRequestHandler? Find(int code) => _handlers.GetValueOrDefault(code);
}
