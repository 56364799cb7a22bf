namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>The mapping rules where they are kept: in the settings file of the gateway.</summary>
/// <remarks>Thread safe.</remarks>
public interface IMappingEditor
{
    /// <summary>
    /// Writes rules into the file, in the place of those that are there, and puts them in force. The rest of the file
    /// stays as it is, comments included. When it completes, they are in force and outlive a restart.
    /// </summary>
    /// <param name="rules">The rules.</param>
    /// <exception cref="BridgeException"><see cref="BridgeError.InvalidArgument"/>: rules that are not possible, each said;
    /// <see cref="BridgeError.Unsupported"/>: there is no file; <see cref="BridgeError.ReadOnly"/>: it cannot be written.</exception>
    ValueTask ReplaceAsync(IReadOnlyList<MappingRule> rules);
}
