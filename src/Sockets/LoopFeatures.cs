using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace ProtoBridgeMQ.Sockets;

/// <summary>The features of a connection: those that it is itself, and those that others set, which come first.</summary>
internal sealed class LoopFeatures(LoopConnection connection) : IFeatureCollection
{
    private FeatureCollection? _set;

    public bool IsReadOnly => false;

    public int Revision => _set?.Revision ?? 0;

    public object? this[Type key]
    {
        get => _set?[key] ?? (key.IsInstanceOfType(connection) ? connection : null);
        set => (_set ??= new FeatureCollection())[key] = value;
    }

    public TFeature? Get<TFeature>() => _set is { } set && set.Get<TFeature>() is { } found ? found : connection is TFeature own ? own : default;

    public void Set<TFeature>(TFeature? instance) => (_set ??= new FeatureCollection()).Set(instance);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        foreach (var type in LoopConnection.OwnFeatures)
        {
            if (_set?[type] is null)
                yield return KeyValuePair.Create<Type, object>(type, connection);
        }

        foreach (var pair in _set ?? [])
            yield return pair;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
